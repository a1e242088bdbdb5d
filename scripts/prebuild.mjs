// Compiles the addon for every system of `targets` into prebuilds/, which the tarball has, with one compiler that brings the C and
// C++ libraries of all of them. Names of targets limit it to these. `--compiler` names another compiler, for tests.
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compileAddon } from './addon.mjs';
import { crossCompiler } from './toolchain.mjs';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));

/** The least glibc is that of Node 20. The C++ library is linked in: the system needs none of the right version. */
const triples = {
  'linux-x64-glibc': 'x86_64-linux-gnu.2.28',
  'linux-arm64-glibc': 'aarch64-linux-gnu.2.28',
  'linux-x64-musl': 'x86_64-linux-musl',
  'linux-arm64-musl': 'aarch64-linux-musl',
};

const { values, positionals } = parseArgs({
  options: { compiler: { type: 'string' } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => triples[name] === undefined);
if (unknown.length > 0) throw new Error(`expected targets of ${Object.keys(triples)}, got: ${unknown}`);

const zig = values.compiler === undefined ? await crossCompiler() : undefined;
for (const [name, triple] of Object.entries(triples)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const start = performance.now();
  const output = `prebuilds/${name}.node`;
  await compileAddon({
    // Its default adds checks that end the process.
    compiler: zig ? [zig, 'c++', '-target', triple, '-fno-sanitize=undefined'] : [values.compiler],
    system: 'linux',
    output,
    extraLinkFlags: ['-s'],
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${output}: ${(statSync(output).size / 1024).toFixed(0)} KiB, ${seconds} s`);
}
