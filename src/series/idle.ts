import type { Series } from './series';

/** The numbers of a series when they were first seen. */
interface Sighting {
  readonly numbers: readonly number[];
  readonly atMs: number;
}

/** Tells whether the cells of a series have not changed for `ttlMs`, as far as the function has been called for it. */
export function idleTest(cells: number, ttlMs: number): (series: Series) => boolean {
  const sightings = new WeakMap<Series, Sighting>();
  return (series) => {
    const atMs = performance.now();
    const numbers = Array.from({ length: cells }, (_, cell) => series.get(cell));
    const last = sightings.get(series);
    if (last?.numbers.every((number, cell) => Object.is(number, numbers[cell]))) {
      return atMs - last.atMs >= ttlMs;
    }
    sightings.set(series, { numbers, atMs });
    return false;
  };
}
