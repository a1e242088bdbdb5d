// The least compilers, each with its C++ library: the addon and the tests of native/, compiled and run.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { compileAddon } from '../addon.mjs';
import { complaintOf, rowOf, run } from './places.mjs';
import { installed } from './runtimes.mjs';

/** `packages` are Debian's. */
const least = [
  { name: 'gcc 11', command: ['g++-11'], packages: 'g++-11' },
  { name: 'clang 14 with libstdc++', command: ['clang++-14'], packages: 'clang-14' },
  {
    name: 'clang 14 with libc++',
    command: ['clang++-14', '-stdlib=libc++'],
    packages: 'clang-14 libc++-14-dev libc++abi-14-dev',
  },
];

export async function* compilers(tarball) {
  const folder = installed(tarball, 'compilers');
  for (const { name, command, packages } of least) {
    const [native, addon] = [`the tests of native/ by ${name}`, `the addon by ${name}, smoke test`];
    if (!works(command)) {
      const detail = `\`${command.join(' ')}\` does not compile here: apt-get install ${packages}`;
      yield { what: native, result: 'skipped', detail };
      yield { what: addon, result: 'skipped', detail };
      continue;
    }
    const id = name.replaceAll(' ', '-');
    const variables = [
      `CXX=${command.join(' ')}`,
      'SANITIZE=',
      `TEST_DIR=${join(process.cwd(), 'build/native-test', id)}`,
    ];
    yield rowOf(
      native,
      run('native/test', 'make', ['--no-print-directory', '-j2', 'run', ...variables]),
      /test cases: /,
    );
    yield await smokeTest(addon, folder, command, `build/matrix/compiled/${id}.node`);
  }
}

/** Whether the compiler is installed, and its library. */
function works([command, ...args]) {
  const input = '#include <span>\n';
  return (
    spawnSync(command, [...args, '-std=c++20', '-fsyntax-only', '-x', 'c++', '-'], { input }).status === 0
  );
}

async function smokeTest(what, folder, compiler, output) {
  try {
    await compileAddon({ compiler, output });
  } catch (error) {
    return { what, result: 'failed', detail: complaintOf(`${error.message}\n${error.cause}`) };
  }
  const env = { PROM_CLIENT_MMAP_ADDON: join(process.cwd(), output) };
  return rowOf(what, run(folder, process.execPath, ['smoke.cjs'], env), /^smoke: ok/m);
}
