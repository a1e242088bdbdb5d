import { mostRecentDelta } from '../errors';
import type { MergeMode } from '../model/family';
import { isMostRecent } from '../model/merge-mode';
import type { Series } from '../series/series';

export function gaugeCells(gauge: string, mode: MergeMode): GaugeCells {
  return isMostRecent(mode) ? new MostRecentCells(gauge, mode) : new GaugeCells();
}

/** How a gauge fills the cells of a series: [value]. */
export class GaugeCells {
  readonly count: number = 1;

  set(series: Series, value: number): void {
    series.set(0, value);
  }

  clear(series: Series): void {
    series.set(0, 0);
  }

  isSet(_series: Series): boolean {
    return true;
  }

  checkDelta(_method: 'inc' | 'dec'): void {}
}

/** [value, milliseconds since the boot when it was set]; a series at time 0 has never been set and has no sample. */
class MostRecentCells extends GaugeCells {
  override readonly count: number = 2;
  readonly #name: string;
  readonly #mode: MergeMode;

  constructor(name: string, mode: MergeMode) {
    super();
    this.#name = name;
    this.#mode = mode;
  }

  /** Value first: a reader between the two stores sees the new value with an old time, which at worst is not used yet. */
  override set(series: Series, value: number): void {
    series.set(0, value);
    const [seconds, nanoseconds] = process.hrtime();
    series.set(1, seconds * 1e3 + nanoseconds / 1e6);
  }

  /** Time first: the value that goes away must not look newly set. */
  override clear(series: Series): void {
    series.set(1, 0);
    series.set(0, 0);
  }

  override isSet(series: Series): boolean {
    return series.get(1) > 0;
  }

  override checkDelta(method: 'inc' | 'dec'): void {
    throw mostRecentDelta(this.#name, method, this.#mode);
  }
}
