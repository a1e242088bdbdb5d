import type { Collection } from './collection';

/** Node documents the first of these functions only. */
interface ActiveObjects {
  getActiveResourcesInfo?(): readonly unknown[];
  _getActiveHandles?(): readonly unknown[];
  _getActiveRequests?(): readonly unknown[];
}

/** The resources that keep the event loop alive, by the names of Node's documented API. */
export function resources(collection: Collection): void {
  gaugesByType(collection, 'nodejs_active_resources', 'getActiveResourcesInfo', {
    byType:
      'Number of active resources that are currently keeping the event loop alive, grouped by async resource type.',
    total: 'Total number of active resources.',
  });
}

/** Open sockets, servers, timers and other handles. */
export function handles(collection: Collection): void {
  gaugesByType(collection, 'nodejs_active_handles', '_getActiveHandles', {
    byType: 'Number of active libuv handles grouped by handle type. Every handle type is C++ class name.',
    total: 'Total number of active handles.',
  });
}

/** Reads, writes, look-ups and other requests that libuv has not finished. */
export function requests(collection: Collection): void {
  gaugesByType(collection, 'nodejs_active_requests', '_getActiveRequests', {
    byType: 'Number of active libuv requests grouped by request type. Every request type is C++ class name.',
    total: 'Total number of active requests.',
  });
}

/** Two gauges of the same objects: by type, and in total. Types without objects are removed. */
function gaugesByType(
  collection: Collection,
  name: string,
  list: keyof ActiveObjects,
  help: { readonly byType: string; readonly total: string },
): void {
  const node = process as ActiveObjects;
  if (typeof node[list] !== 'function') return;
  const { labels } = collection;
  let known: ReadonlyMap<string, number> = new Map();
  collection.gauge(name, help.byType, {
    labelNames: ['type'],
    collect() {
      const counts = countByType(node[list]?.() ?? []);
      for (const type of known.keys()) if (!counts.has(type)) this.remove({ type, ...labels });
      for (const [type, count] of counts) this.set({ type, ...labels }, count);
      known = counts;
    },
  });
  collection.gauge(`${name}_total`, help.total, {
    collect() {
      this.set(labels, node[list]?.().length ?? 0);
    },
  });
}

/** A text is the type itself; the type of an object is the name of its class. */
function countByType(things: readonly unknown[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const thing of things) {
    const type =
      typeof thing === 'string'
        ? thing
        : (thing as { constructor?: { name: string } } | null)?.constructor?.name;
    if (type !== undefined) counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return counts;
}
