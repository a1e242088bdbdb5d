// Compiles the addon for Darwin, without optimization, and links it: what can be known of it without such a machine. The C++
// library, which Darwin has, is not linked in, so that it need not be compiled.
// Exits with 0 when all names are found, with 1 when not, with 77 and the reason when there is no compiler.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileAddon } from './addon.mjs';
import { crossCompiler, MissingToolchain } from './toolchain.mjs';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));
const skipped = 77;
const output = 'build/darwin/darwin-arm64.node';

/** The least one: before, its C++ library does not write the digits of a double. */
const target = ['-target', 'aarch64-macos.13.3', '-fno-sanitize=undefined'];

/** Node has these, or the C++ library. All others must be in the system's other libraries. */
const foundByLoader =
  /^_(napi_|__cxa_|__gxx_personality_v0$|_ZTVN10__cxxabiv1|_Zn[aw]|_Zd[al]|_Z(T[VIS])?N?K?St)/;

try {
  const zig = await crossCompiler();
  const start = performance.now();
  const linker = [zig, 'cc', ...target];
  const objects = await compileAddon({
    compiler: [zig, 'c++', ...target],
    linker,
    system: 'darwin',
    output,
    extraFlags: ['-O0', '-g0'],
  });
  const missing = missingNames(linker, objects);
  if (missing.length > 0)
    throw new Error(`expected these names in the libraries of Darwin: ${missing.join(', ')}`);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(
    `the addon for arm64 Darwin: ${objects.length} files compiled, linked, no name is missing (${seconds} s)`,
  );
} catch (error) {
  console.log(error.message, error.cause ?? '');
  process.exitCode = error instanceof MissingToolchain ? skipped : 1;
}

/** A link that leaves no name to the loader lists all that it would have to find. */
function missingNames([command, ...args], objects) {
  const closed = [...args, ...objects, '-shared', '-o', 'build/darwin/closed.node'];
  const { stderr } = spawnSync(command, closed, { encoding: 'utf8' });
  const names = [...stderr.matchAll(/undefined reference to symbol '(.+)'/g)].map(([, name]) => name);
  if (!names.some((name) => name.startsWith('_napi_')))
    throw new Error('expected a list of names', { cause: stderr });
  return names.filter((name) => !foundByLoader.test(name));
}
