// Compiles the addon for the systems that this machine is not, without optimization, and links it: what can be known of them here. The
// C++ library is not linked in, so that it need not be compiled.
// Exits with 0 when all names are found, with 1 when not, with 77 and the reason when there is no compiler.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileAddon } from './addon.mjs';
import { triples } from './prebuilds.mjs';
import { crossCompiler, MissingToolchain } from './toolchain.mjs';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));
const skipped = 77;

/** The addon for arm64 with glibc is compiled for the smoke test. */
const targets = [
  // The least one: before, its C++ library does not write the digits of a double. Names begin with an underscore there.
  { name: 'darwin-arm64', triple: 'aarch64-macos.13.3', system: 'darwin', prefix: '_', closed: [] },
  ...['linux-x64-musl', 'linux-arm64-musl'].map((name) => ({
    ...{ name, triple: triples[name], system: 'linux', prefix: '' },
    closed: ['-Wl,-z,defs'],
  })),
];

/**
 * Node has these, or the C++ library, mangled as Darwin's linker writes them or not, as that of Linux. All others must be in the
 * system's other libraries.
 */
const foundByLoader =
  /^(napi_|__cxa_|_Unwind_|__gxx_personality_v0$|_ZTVN10__cxxabiv1|_Zn[aw]|_Zd[al]|_Z(T[VIS])?N?K?St|std::|operator (new|delete)\b|(vtable|typeinfo|typeinfo name) for (std|__cxxabiv1)::)/;

try {
  const zig = await crossCompiler();
  for (const target of targets) await tryTarget(zig, target);
} catch (error) {
  console.log(error.message, error.cause ?? '');
  process.exitCode = error instanceof MissingToolchain ? skipped : 1;
}

async function tryTarget(zig, { name, triple, system, prefix, closed }) {
  const start = performance.now();
  const target = ['-target', triple, '-fno-sanitize=undefined'];
  const linker = [zig, 'cc', ...target];
  const objects = await compileAddon({
    compiler: [zig, 'c++', ...target],
    linker,
    system,
    output: `build/targets/${name}.node`,
    extraFlags: ['-O0', '-g0'],
  });
  const missing = undefinedNames([...linker, ...closed], objects, name)
    .map((full) => full.slice(prefix.length))
    .filter((found) => !foundByLoader.test(found));
  if (missing.length > 0)
    throw new Error(`expected these names in the libraries of ${name}: ${missing.join(', ')}`);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${name}: ${objects.length} files compiled, linked, no name is missing (${seconds} s)`);
}

/** A link that leaves no name to the loader lists all that it would have to find. */
function undefinedNames([command, ...args], objects, name) {
  const output = `build/targets/${name}.closed.node`;
  const { stderr } = spawnSync(command, [...args, ...objects, '-shared', '-o', output], { encoding: 'utf8' });
  const names = [...stderr.matchAll(/undefined (?:reference to symbol '(\w+)'|symbol: (.+))/g)].map(
    ([, mangled, plain]) => mangled ?? plain,
  );
  if (!names.some((one) => /^_?napi_/.test(one)))
    throw new Error('expected a list of names', { cause: stderr });
  return names;
}
