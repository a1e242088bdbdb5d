import { badSeriesTtl } from '../errors';
import type { Children } from '../series/children';
import type { Series } from '../series/series';
import type { Metric } from './metric';

/** The longest time that a timer can wait. */
const longestMs = 2 ** 31 - 1;

/** What a series counted when it was last seen to have changed, and when that was. */
interface Sighting {
  readonly numbers: readonly number[];
  readonly atMs: number;
}

/**
 * Removes the series whose first `cells` cells have not changed for `ttlSeconds`. Nothing is done when they are written:
 * they are looked at four times in that span, and whenever the function returned is called, which is for readers. The
 * timer keeps neither the process nor the metric alive.
 *
 * @throws a RangeError with code `ERR_SERIES_TTL` for a time that is not positive.
 */
export function removeIdle<S extends Series, Child>(
  children: Children<S, Child>,
  { name, labelNames, ttlSeconds }: Pick<Metric<string>, 'name' | 'labelNames' | 'ttlSeconds'>,
  cells: number,
): (() => void) | undefined {
  if (ttlSeconds === undefined || ttlSeconds === null) return undefined;
  if (!(ttlSeconds > 0)) throw badSeriesTtl(name, ttlSeconds);
  if (labelNames.length === 0) return undefined;
  const ttlMs = ttlSeconds * 1000;
  const sightings = new WeakMap<S, Sighting>();
  const isIdle = (series: S): boolean => {
    const now = performance.now();
    const numbers = Array.from({ length: cells }, (_, cell) => series.get(cell));
    const last = sightings.get(series);
    const isSame = last?.numbers.every((number, cell) => Object.is(number, numbers[cell]));
    if (last && isSame) return now - last.atMs >= ttlMs;
    sightings.set(series, { numbers, atMs: now });
    return false;
  };
  const reference = new WeakRef(children);
  const sweep = (): void => {
    const living = reference.deref();
    if (living === undefined) clearInterval(timer);
    else living.removeIf(isIdle);
  };
  const timer = setInterval(sweep, Math.min(ttlMs / 4, longestMs));
  timer.unref();
  return sweep;
}
