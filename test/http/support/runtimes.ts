import { cpSync } from 'node:fs';
import { basename, join } from 'node:path';
import { installed, npm } from '../../third-party/packages';

const source = join(__dirname, '..', 'runtimes');
const inputs = ['.npmrc', 'package.json', 'package-lock.json'];

/** Those of npm's registry, where it has them for this system. */
export const otherRuntimes: readonly string[] =
  process.platform === 'linux' && process.arch === 'x64' ? ['bun', 'deno'] : [];

const paths: Readonly<Record<string, string>> = {
  bun: '@oven/bun-linux-x64/bin/bun',
  deno: '@deno/linux-x64-glibc/deno',
};

/** The options before a program that may do all. */
export function optionsOf(runtime: string): string[] {
  return basename(runtime) === 'deno' ? ['run', '--allow-all', '--no-check'] : [];
}

/** The path of one of the other runtimes, installed if need be, which takes up to a minute; other names are paths. */
export function pathOf(runtime: string): string {
  const path = paths[runtime];
  if (path === undefined) return runtime;
  const directory = installed({
    name: 'runtimes',
    source,
    inputs,
    places: [],
    install(fresh) {
      for (const input of inputs) cpSync(join(source, input), join(fresh, input));
      npm(fresh, 'ci', '--ignore-scripts');
    },
  });
  return join(directory, 'node_modules', path);
}
