import type { Collection } from './collection';

/** V8's heap and the external memory of its objects. The first one's `collect` sets all. */
export function heap(collection: Collection): void {
  if (typeof process.memoryUsage !== 'function') return;
  const { labels } = collection;
  const total = collection.gauge('nodejs_heap_size_total_bytes', 'Process heap size from Node.js in bytes.', {
    collect() {
      const usage = memoryUsage();
      if (usage === undefined) return;
      total.set(labels, usage.heapTotal);
      used.set(labels, usage.heapUsed);
      if (usage.external !== undefined) external.set(labels, usage.external);
    },
  });
  const used = collection.gauge(
    'nodejs_heap_size_used_bytes',
    'Process heap size used from Node.js in bytes.',
  );
  const external = collection.gauge('nodejs_external_memory_bytes', 'Node.js external memory size in bytes.');
}

/** Throws on some platforms, where reading the resident part fails. */
function memoryUsage(): NodeJS.MemoryUsage | undefined {
  try {
    return process.memoryUsage();
  } catch {
    return undefined;
  }
}
