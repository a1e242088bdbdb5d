import { closeSync, openSync, readSync } from 'node:fs';
import { realProcess } from '../process';

/**
 * The C library of this process: the one whose loader the file of the process names in its first page. A process that this cannot
 * be told of has glibc, as most have.
 */
export function libc(): 'glibc' | 'musl' {
  return ['/proc/self/exe', realProcess.execPath].some((path) => beginningOf(path).includes('/ld-musl-'))
    ? 'musl'
    : 'glibc';
}

function beginningOf(path: string): string {
  try {
    const page = Buffer.alloc(4096);
    const file = openSync(path, 'r');
    try {
      return page.toString('latin1', 0, readSync(file, page));
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}
