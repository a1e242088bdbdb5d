import type { Series } from './series';

/** Tells whether the cells of a series have not changed for `ttlMs`, as far as the function has been called for it. */
export function idleTest(cells: number, ttlMs: number): (series: Series) => boolean {
  return (series) => {
    const nowMs = performance.now();
    const seen = series.lastSeen;
    if (seen === undefined) {
      series.lastSeen = Array.from({ length: cells + 1 }, (_, cell) =>
        cell < cells ? series.get(cell) : nowMs,
      );
      return false;
    }
    let isChanged = false;
    for (let cell = 0; cell < cells; cell++) {
      const number = series.get(cell);
      isChanged ||= !Object.is(number, seen[cell]);
      seen[cell] = number;
    }
    if (isChanged) seen[cells] = nowMs;
    return nowMs - (seen[cells] as number) >= ttlMs;
  };
}
