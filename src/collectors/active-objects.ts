import type { Collection } from './collection';

/** Node documents the first of these functions only. */
interface ActiveObjects {
  getActiveResourcesInfo?(): readonly unknown[];
  _getActiveHandles?(): readonly unknown[];
  _getActiveRequests?(): readonly unknown[];
}

/** The resources that keep the event loop alive, by the names of Node's documented API. */
export function resources(collection: Collection): void {
  const help =
    'Number of active resources that are currently keeping the event loop alive, grouped by async resource type.';
  gaugesByType(collection, 'resources', 'getActiveResourcesInfo', help);
}

/** Open sockets, servers, timers and other handles. */
export function handles(collection: Collection): void {
  const help = 'Number of active libuv handles grouped by handle type. Every handle type is C++ class name.';
  gaugesByType(collection, 'handles', '_getActiveHandles', help);
}

/** Reads, writes, look-ups and other requests that libuv has not finished. */
export function requests(collection: Collection): void {
  const help =
    'Number of active libuv requests grouped by request type. Every request type is C++ class name.';
  gaugesByType(collection, 'requests', '_getActiveRequests', help);
}

/** Two gauges of the same objects: by type, and in total. Types without objects are removed. */
function gaugesByType(
  collection: Collection,
  objects: 'resources' | 'handles' | 'requests',
  list: keyof ActiveObjects,
  help: string,
): void {
  const node = process as ActiveObjects;
  if (typeof node[list] !== 'function') return;
  const { labels } = collection;
  const name = `nodejs_active_${objects}`;
  let known: ReadonlyMap<string, number> = new Map();
  collection.gauge(name, help, {
    labelNames: ['type'],
    collect() {
      const counts = countByType(node[list]?.() ?? []);
      for (const type of known.keys()) if (!counts.has(type)) this.remove({ type, ...labels });
      for (const [type, count] of counts) this.set({ type, ...labels }, count);
      known = counts;
    },
  });
  collection.gauge(`${name}_total`, `Total number of active ${objects}.`, {
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
