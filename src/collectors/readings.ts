import { attempt } from './attempt';
import type { Collection } from './collection';

/** A gauge that shows a part of a reading; it stays as it is where the part is undefined. */
export type Part<R> = readonly [name: string, help: string, value: (reading: R) => number | undefined];

/** Gauges of one reading, which the first one's `collect` makes for all. They stay as they are if `read` fails. */
export function gaugesOf<R>(
  collection: Collection,
  read: () => R | undefined,
  parts: readonly Part<R>[],
): void {
  const { labels } = collection;
  const collect = (): void => {
    const reading = attempt(read);
    if (reading === undefined) return;
    for (const [i, [, , value]] of parts.entries()) {
      const number = value(reading);
      if (number !== undefined) gauges[i]?.set(labels, number);
    }
  };
  const gauges = parts.map(([name, help], i) => collection.gauge(name, help, i === 0 ? { collect } : {}));
}
