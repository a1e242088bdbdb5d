import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { newDirectory } from '../../multiprocess/support/directories';

/** Compiles a C file of this folder into a library; undefined where there is no C compiler. */
export function compiled(source: 'executing.c' | 'forking.c' | 'preloaded.c'): string | undefined {
  const library = join(newDirectory(), `${source}.so`);
  const options = ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', library, join(__dirname, source)];
  const { status, error, stderr } = spawnSync('cc', options, { encoding: 'utf8' });
  if (error !== undefined) return undefined;
  if (status !== 0) throw new Error(`expected cc to compile ${source}, but got ${stderr}`);
  return library;
}
