import type { Collection } from './collection';
import { className, gaugeByType } from './gauge-by-type';

/** Open sockets, servers, timers and other handles. Node has the list, but does not document it. */
export function handles(collection: Collection): void {
  const undocumented = process as { _getActiveHandles?(): readonly unknown[] };
  if (typeof undocumented._getActiveHandles !== 'function') return;
  gaugeByType(
    collection,
    'nodejs_active_handles',
    {
      byType: 'Number of active libuv handles grouped by handle type. Every handle type is C++ class name.',
      total: 'Total number of active handles.',
    },
    () => undocumented._getActiveHandles?.() ?? [],
    className,
  );
}
