import type { LabelSet } from '../model/labels';
import type { FamilySeries } from './family-series';
import type { Series } from './series';

/** The labels of a bound child, and the way to its series. */
export class BoundSeries<S extends Series> {
  readonly labels: LabelSet;
  /**
   * The series when the child was made. Functions of the child keep it in a variable of their own, which saves them a load, and
   * call `live()` when its `record` is -1.
   */
  readonly series: S;
  /** Keeps the metric, and with it the family, from being garbage collected before the child. */
  readonly metric: object;
  readonly #family: FamilySeries<S>;

  constructor(metric: object, family: FamilySeries<S>, labels: LabelSet, series: S) {
    this.metric = metric;
    this.labels = labels;
    this.series = series;
    this.#family = family;
  }

  /** The series, made if need be, for one write. Throws as `FamilySeries.at()` does. */
  live(): S {
    return this.#family.at(this.labels);
  }

  /** The series of these labels and some more, for one write. */
  liveWith(more: LabelSet | undefined): S {
    return this.#family.at({ ...this.labels, ...more });
  }
}
