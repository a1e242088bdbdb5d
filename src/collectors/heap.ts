import type { Collection } from './collection';
import { gaugesOf } from './readings';

/** V8's heap and the external memory of its objects. */
export function heap(collection: Collection): void {
  if (typeof process.memoryUsage !== 'function') return;
  gaugesOf(collection, () => process.memoryUsage(), [
    ['nodejs_heap_size_total_bytes', 'Process heap size from Node.js in bytes.', (usage) => usage.heapTotal],
    [
      'nodejs_heap_size_used_bytes',
      'Process heap size used from Node.js in bytes.',
      (usage) => usage.heapUsed,
    ],
    ['nodejs_external_memory_bytes', 'Node.js external memory size in bytes.', (usage) => usage.external],
  ]);
}
