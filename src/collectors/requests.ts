import type { Collection } from './collection';
import { className, gaugeByType } from './gauge-by-type';

/** Reads, writes, look-ups and other requests that libuv has not finished. Node has the list, but does not document it. */
export function requests(collection: Collection): void {
  const undocumented = process as { _getActiveRequests?(): readonly unknown[] };
  if (typeof undocumented._getActiveRequests !== 'function') return;
  gaugeByType(
    collection,
    'nodejs_active_requests',
    {
      byType:
        'Number of active libuv requests grouped by request type. Every request type is C++ class name.',
      total: 'Total number of active requests.',
    },
    () => undocumented._getActiveRequests?.() ?? [],
    className,
  );
}
