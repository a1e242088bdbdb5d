import type { Collection } from './collection';

/** Two gauges of the same objects: by type, and in total. Types without objects are removed. */
export function gaugeByType(
  collection: Collection,
  name: string,
  help: { readonly byType: string; readonly total: string },
  list: () => readonly unknown[],
  typeOf: (thing: unknown) => string | undefined,
): void {
  const { labels } = collection;
  let known: ReadonlyMap<string, number> = new Map();
  collection.gauge(name, help.byType, {
    labelNames: ['type'],
    collect() {
      const counts = countBy(list(), typeOf);
      for (const type of known.keys()) if (!counts.has(type)) this.remove({ type, ...labels });
      for (const [type, count] of counts) this.set({ type, ...labels }, count);
      known = counts;
    },
  });
  collection.gauge(`${name}_total`, help.total, {
    collect() {
      this.set(labels, list().length);
    },
  });
}

/** The name of an object's class. */
export function className(thing: unknown): string | undefined {
  return (thing as { constructor?: { name: string } } | null | undefined)?.constructor?.name;
}

function countBy(
  things: readonly unknown[],
  typeOf: (thing: unknown) => string | undefined,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const thing of things) {
    const type = typeOf(thing);
    if (type !== undefined) counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return counts;
}
