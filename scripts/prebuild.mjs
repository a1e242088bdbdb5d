// Compiles the addon for every system of the tarball into prebuilds/, with one compiler that brings the C and C++ libraries of all
// of them. Names limit it to these. `--from FILE NAME` takes a file that a machine of that system has compiled from the same
// sources. `--compiler` names another compiler, for tests: its binaries are not for the tarball.
import { copyFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compileAddon } from './addon.mjs';
import { names, placeFor, sources, stamp, triples } from './prebuilds.mjs';
import { crossCompiler } from './toolchain.mjs';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));

const { values, positionals } = parseArgs({
  options: { from: { type: 'string' }, compiler: { type: 'string' } },
  allowPositionals: true,
});
const known = values.from === undefined ? Object.keys(triples) : names;
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) throw new Error(`expected targets of ${known}, got: ${unknown}`);
if (values.from !== undefined && positionals.length !== 1)
  throw new Error('expected one target after --from FILE');

if (values.from === undefined) await compileAll(positionals.length > 0 ? positionals : known);
else {
  const [name] = positionals;
  copyFileSync(values.from, placeFor(name));
  stamp(name, sources());
}

async function compileAll(chosen) {
  const zig = values.compiler === undefined ? await crossCompiler() : undefined;
  for (const name of chosen) {
    const start = performance.now();
    const made = sources();
    const output = placeFor(name);
    await compileAddon({
      // Its default adds checks that end the process.
      compiler: zig ? [zig, 'c++', '-target', triples[name], '-fno-sanitize=undefined'] : [values.compiler],
      system: 'linux',
      output,
      extraLinkFlags: ['-s'],
    });
    if (zig) stamp(name, made);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`${output}: ${(statSync(output).size / 1024).toFixed(0)} KiB, ${seconds} s`);
  }
}
