import { getHeapSpaceStatistics, type HeapSpaceInfo } from 'node:v8';
import { ifImplemented } from './attempt';
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

/** The spaces of V8's heap. The first one's `collect` sets all. */
export function heapSpaces(collection: Collection): void {
  if (ifImplemented(getHeapSpaceStatistics) === undefined) return;
  const collect = (): void => {
    for (const statistics of getHeapSpaceStatistics()) {
      const space = statistics.space_name.slice(0, statistics.space_name.indexOf('_space'));
      for (const { gauge, field } of gauges) {
        gauge.set({ space, ...collection.labels }, statistics[field]);
      }
    }
  };
  const gauges = sizes.map(({ name, field }, i) => ({
    field,
    gauge: collection.gauge(
      `nodejs_heap_space_size_${name}_bytes`,
      `Process heap space size ${name} from Node.js in bytes.`,
      { labelNames: ['space'], collect: i === 0 ? collect : undefined },
    ),
  }));
}

const sizes = [
  { name: 'total', field: 'space_size' },
  { name: 'used', field: 'space_used_size' },
  { name: 'available', field: 'space_available_size' },
] as const satisfies readonly { readonly name: string; readonly field: keyof HeapSpaceInfo }[];
