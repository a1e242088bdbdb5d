import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { realProcess } from '../process';

/**
 * The C library of this process: the one whose loader the file of the process names in its first page. A process that this cannot
 * be told of has glibc, as most have.
 */
export function libc(): 'glibc' | 'musl' {
  const isMusl = (path: string): boolean => beginningOf(path)?.page.includes('/ld-musl-') ?? false;
  return ['/proc/self/exe', realProcess.execPath].some(isMusl) ? 'musl' : 'glibc';
}

/** Whether the file is the beginning of a longer one. The system loads such a file, and ends the process when it uses the rest. */
export function isCutOff(path: string): boolean {
  const { page, size } = beginningOf(path) ?? {};
  const isElf64 = page?.toString('latin1', 0, 6) === '\x7fELF\x02\x01';
  if (page === undefined || size === undefined || !isElf64) return false;
  // The table of sections is at the end.
  const [offset, length, count] = [page.readBigUInt64LE(40), page.readUInt16LE(58), page.readUInt16LE(60)];
  return BigInt(size) < offset + BigInt(length * count);
}

function beginningOf(path: string): { page: Buffer; size: number } | undefined {
  try {
    const page = Buffer.alloc(4096);
    const file = openSync(path, 'r');
    try {
      const length = readSync(file, page);
      return length < 64 ? undefined : { page: page.subarray(0, length), size: fstatSync(file).size };
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}
