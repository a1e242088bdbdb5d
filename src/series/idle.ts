import type { Series } from './series';

/** Tells whether the cells of a series have not changed for `ttlMs`, as far as the function has been called for it. */
export function idleTest(cells: number, ttlMs: number): (series: Series) => boolean {
  /** The numbers of a series, and when they were first seen. */
  const sightings = new WeakMap<Series, { readonly numbers: readonly number[]; readonly atMs: number }>();
  return (series) => {
    const atMs = performance.now();
    const last = sightings.get(series);
    if (last?.numbers.every((number, cell) => Object.is(number, series.get(cell)))) {
      return atMs - last.atMs >= ttlMs;
    }
    sightings.set(series, { numbers: Array.from({ length: cells }, (_, cell) => series.get(cell)), atMs });
    return false;
  };
}
