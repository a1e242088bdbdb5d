import type { Collection } from './collection';
import { gaugeByType } from './gauge-by-type';

/** The resources that keep the event loop alive, by the names of Node's documented API. */
export function resources(collection: Collection): void {
  if (typeof process.getActiveResourcesInfo !== 'function') return;
  gaugeByType(
    collection,
    'nodejs_active_resources',
    {
      byType:
        'Number of active resources that are currently keeping the event loop alive, grouped by async resource type.',
      total: 'Total number of active resources.',
    },
    () => process.getActiveResourcesInfo(),
    (type) => `${type}`,
  );
}
