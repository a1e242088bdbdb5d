import { cpSync } from 'node:fs';
import { basename, join } from 'node:path';
import { installed, npm } from '../../third-party/packages';

const source = join(__dirname, '..', 'runtimes');
const inputs = ['.npmrc', 'package.json', 'package-lock.json'];

/** Whether npm's registry has those for this system. */
export const hasOtherRuntimes: boolean = process.platform === 'linux' && process.arch === 'x64';

/** The options before a program that may do all. */
export function optionsOf(runtime: string): string[] {
  return basename(runtime) === 'deno' ? ['run', '--allow-all', '--no-check'] : [];
}

/** Bun and Deno, from npm's registry. */
export function otherRuntimes(): readonly string[] {
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
  const modules = join(directory, 'node_modules');
  return [join(modules, '@oven/bun-linux-x64/bin/bun'), join(modules, '@deno/linux-x64-glibc/deno')];
}
