// The other C library, by Debian's package of it. No registry has a Node of musl; Bun is one of its programs.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crossCompiler } from '../toolchain.mjs';
import { missingEmulator, wrapper } from './emulators.mjs';
import { debian, fetched, place, rowOf, run } from './places.mjs';
import { installed, smoke } from './runtimes.mjs';

export async function* musl(tarball) {
  yield await native();
  const folder = installed(tarball, 'musl');
  const env = { LD_LIBRARY_PATH: place('musl-x64') };
  const here = (why) => {
    const loader = '/lib/ld-musl-x86_64.so.1';
    if (!existsSync(loader)) return why(`there is no ${loader}: apt-get install musl`);
    return bun('@oven/bun-linux-x64-musl@1.4.5', ['--libc=musl'], 'cc', env.LD_LIBRARY_PATH, why);
  };
  const preload = ['--preload', 'prom-client-mmap/register'];
  yield* smoke(folder, 'Bun 1.4.5 of musl', (why) => asCommand(here(why)), env);
  yield* smoke(folder, 'Bun 1.4.5 of musl, preload', (why) => asCommand(here(why), preload), env);

  const emulated = { LD_LIBRARY_PATH: place('musl-arm64') };
  yield* smoke(
    folder,
    'Bun 1.4.5 of arm64, musl, under qemu',
    (why) => {
      const missing = missingEmulator();
      if (missing !== undefined) return why(missing);
      const root = debian('musl', 'arm64', why);
      const compiler = 'aarch64-linux-gnu-gcc';
      const options = ['--cpu=arm64', '--libc=musl'];
      const found =
        root && bun('@oven/bun-linux-aarch64-musl@1.4.5', options, compiler, emulated.LD_LIBRARY_PATH, why);
      return asCommand(found && wrapper(folder, 'bun-arm64', `qemu-aarch64-static -L ${root} ${found}`));
    },
    emulated,
  );
}

function asCommand(program, args = []) {
  return program && [program, ...args];
}

/** Those of the C++ parts, in a program without another library. */
async function native() {
  const what = 'the tests of native/ with musl, static';
  try {
    await crossCompiler();
  } catch (error) {
    return { what, result: 'skipped', detail: error.message };
  }
  return rowOf(what, run(process.cwd(), 'npm', ['run', '--silent', 'test:musl']), /test cases: /);
}

/** The program, when the libraries that it needs are in the folder. */
function bun(spec, options, compiler, libraries, why) {
  const problem = bringLibraries(compiler, libraries);
  if (problem !== undefined) return why(problem);
  const found = fetched(spec, why, ['--force', ...options]);
  return found && join(found, 'bin/bun');
}

/**
 * Brings what Bun needs of libstdc++: that of the compiler, and the few names of glibc that it needs itself, in the place of libm, which
 * musl has in its own library. Undefined, or what went wrong.
 */
function bringLibraries(compiler, folder) {
  for (const name of ['libstdc++.so.6', 'libgcc_s.so.1']) {
    const { stdout } = spawnSync(compiler, [`-print-file-name=${name}`], { encoding: 'utf8' });
    if (!stdout?.startsWith('/')) return `\`${compiler}\` knows no ${name}`;
    const content = readFileSync(stdout.trim(), 'latin1').replaceAll('libm.so.6\0', 'libx.so.6\0');
    writeFileSync(join(folder, name), content, 'latin1');
  }
  const output = join(folder, 'libx.so.6');
  const args = ['-shared', '-fPIC', '-nostdlib', '-O1', 'scripts/matrix/glibc-names.c', '-o', output];
  const { status, stderr } = spawnSync(compiler, args, { encoding: 'utf8' });
  if (status !== 0) return stderr.split('\n')[0];
  // On x64 it names glibc's loader, too.
  copyFileSync(output, join(folder, 'ld-linux-x86-64.so.2'));
  return undefined;
}
