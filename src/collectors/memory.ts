import { readFileSync } from 'node:fs';
import type { Collection } from './collection';
import { reportsProcess } from './process-wide';
import { gaugesOf } from './readings';

/** Memory of the process as the system sees it; all but the resident part is known on Linux only. */
export function memory(collection: Collection): void {
  const isReported = reportsProcess();
  if (process.platform === 'linux') {
    gaugesOf(collection, () => (isReported ? readStatus() : undefined), [
      [...resident, (status) => bytesOf(status, 'VmRSS')],
      [
        'process_virtual_memory_bytes',
        'Virtual memory size in bytes.',
        (status) => bytesOf(status, 'VmSize'),
      ],
      ['process_heap_bytes', 'Process heap size in bytes.', (status) => bytesOf(status, 'VmData')],
    ]);
  } else {
    gaugesOf(collection, () => (isReported ? residentBytes() : undefined), [[...resident, (bytes) => bytes]]);
  }
}

const resident = ['process_resident_memory_bytes', 'Resident memory size in bytes.'] as const;

/** The kernel makes this text from memory: reading it never waits for a disk. */
function readStatus(): string {
  return readFileSync('/proc/self/status', 'utf8');
}

function bytesOf(status: string, field: string): number {
  const [, kibibytes] = new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(status) ?? [];
  return Number(kibibytes) * 1024;
}

/** Some runtimes lack the quick way. */
function residentBytes(): number {
  const { memoryUsage } = process;
  return typeof memoryUsage.rss === 'function' ? memoryUsage.rss() : memoryUsage().rss;
}
