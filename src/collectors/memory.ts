import { readFileSync } from 'node:fs';
import type { Collection } from './collection';
import { reportsProcess } from './process-wide';

/** Memory of the process as the system sees it; all but the resident part is known on Linux only. */
export function memory(collection: Collection): void {
  if (process.platform === 'linux') linuxMemory(collection);
  else residentMemory(collection);
}

const RESIDENT = ['process_resident_memory_bytes', 'Resident memory size in bytes.'] as const;

function residentMemory(collection: Collection): void {
  const isReported = reportsProcess();
  collection.gauge(...RESIDENT, {
    collect() {
      const bytes = isReported ? residentBytes() : undefined;
      if (bytes !== undefined) this.set(collection.labels, bytes);
    },
  });
}

/** The first one's `collect` sets all. */
function linuxMemory(collection: Collection): void {
  const isReported = reportsProcess();
  const resident = collection.gauge(...RESIDENT, {
    collect() {
      const status = isReported ? readStatus() : undefined;
      if (status === undefined) return;
      resident.set(collection.labels, bytesOf(status, 'VmRSS'));
      virtual.set(collection.labels, bytesOf(status, 'VmSize'));
      heap.set(collection.labels, bytesOf(status, 'VmData'));
    },
  });
  const virtual = collection.gauge('process_virtual_memory_bytes', 'Virtual memory size in bytes.');
  const heap = collection.gauge('process_heap_bytes', 'Process heap size in bytes.');
}

/** The kernel makes this text from memory: reading it never waits for a disk. */
function readStatus(): string | undefined {
  try {
    return readFileSync('/proc/self/status', 'utf8');
  } catch {
    return undefined;
  }
}

function bytesOf(status: string, field: string): number {
  const [, kibibytes] = new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(status) ?? [];
  return Number(kibibytes) * 1024;
}

/** Some platforms throw, and some runtimes lack the quick way. */
function residentBytes(): number | undefined {
  try {
    const { memoryUsage } = process;
    return typeof memoryUsage.rss === 'function' ? memoryUsage.rss() : memoryUsage().rss;
  } catch {
    return undefined;
  }
}
