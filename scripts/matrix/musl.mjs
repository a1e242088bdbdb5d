// The other C library, by Debian's package of it. No registry has a Node of musl; Bun is one of its programs.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { crossCompiler } from '../toolchain.mjs';
import { fetched, place, rowOf, run } from './places.mjs';
import { installed, smoke } from './runtimes.mjs';

const loader = '/lib/ld-musl-x86_64.so.1';

export async function* musl(tarball) {
  yield await native();
  const folder = installed(tarball, 'musl');
  const libraries = place('musl-libraries');
  const find = (why) => {
    if (!existsSync(loader)) return why(`there is no ${loader}: apt-get install musl`);
    const problem = bringLibraries(libraries);
    if (problem !== undefined) return why(problem);
    const found = fetched('@oven/bun-linux-x64-musl@1.4.5', why, ['--force', '--libc=musl']);
    return found && [join(found, 'bin/bun')];
  };
  const env = { LD_LIBRARY_PATH: libraries };
  yield* smoke(folder, 'Bun 1.4.5 of musl', find, env);
  yield* smoke(
    folder,
    'Bun 1.4.5 of musl, preload',
    (why) => {
      const found = find(why);
      return found && [...found, '--preload', 'prom-client-mmap/register'];
    },
    env,
  );
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

/** What Bun needs of libstdc++: that of this system, and the few names of glibc that it needs itself. Undefined, or what went wrong. */
function bringLibraries(folder) {
  for (const name of ['libstdc++.so.6', 'libgcc_s.so.1']) {
    const { stdout } = spawnSync('cc', [`-print-file-name=${name}`], { encoding: 'utf8' });
    if (!stdout?.startsWith('/')) return `cc knows no ${name}`;
    copyFileSync(stdout.trim(), join(folder, name));
  }
  const output = join(folder, 'ld-linux-x86-64.so.2');
  const args = ['-shared', '-fPIC', '-nostdlib', '-O1', 'scripts/matrix/glibc-names.c', '-o', output];
  const { status, stderr } = spawnSync('cc', args, { encoding: 'utf8' });
  return status === 0 ? undefined : stderr.split('\n')[0];
}
