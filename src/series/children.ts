import { checkLabels, type LabelSet, labelsOfArguments, tells } from '../model/labels';
import type { FamilySeries, Series } from './series';
import type { SeriesTable } from './table';

/** The series of a metric by label values, made when they are first asked for. */
export class Children<S extends Series, Child> {
  readonly #names: readonly string[];
  readonly #series: FamilySeries<S>;
  readonly #table: SeriesTable<S>;
  readonly #newSeries: () => S;
  readonly #newChild: (kept: KeptSeries<S, Child>) => Child;
  /** By `Series.kept`. Not at the series themselves: the store holds those, and children hold this. */
  #kept: (Child | undefined)[] = [];
  #free: number[] = [];
  #unlabelled: S;
  /** Takes the updates of series that there is no room for. */
  #sink: S | undefined;

  constructor(series: FamilySeries<S>, newSeries: () => S, newChild: (kept: KeptSeries<S, Child>) => Child) {
    this.#names = series.definition.labelNames;
    this.#series = series;
    this.#table = series.table;
    this.#newSeries = newSeries;
    this.#newChild = newChild;
    this.#unlabelled = newSeries();
    // Kept children point here and not at the metric, so the family stays for as long as either is in use.
    series.outlive(this);
  }

  /** The series without any label, made if need be. */
  unlabelled(): S {
    if (this.#unlabelled.record < 0) this.#unlabelled = this.at({});
    return this.#unlabelled;
  }

  /** The series of `labels`, made if need be. Throws for labels that the metric does not have. */
  at(labels: LabelSet): S {
    return this.#table.find(labels) ?? this.#create(labels);
  }

  /** Throws unless the metric has all of `labels`. */
  check(labels: LabelSet): void {
    checkLabels(labels, this.#names);
  }

  /**
   * The functions that work on one series, for `labels(...args)`: kept for as long as the series exists, so that
   * asking again costs a lookup. Creates no series. Labels are checked now or at each use.
   */
  child(args: readonly unknown[], checkNow: boolean): Child {
    const found = this.#find(args);
    if (found !== undefined && found.kept >= 0) return this.#kept[found.kept] as Child;
    const labels = labelsOfArguments(args, this.#names);
    if (checkNow) this.check(labels);
    const child = this.#newChild(new KeptSeries(this, { ...labels }, found ?? this.#newSeries()));
    if (found !== undefined) {
      found.kept = this.#free.pop() ?? this.#kept.length;
      this.#kept[found.kept] = child;
    }
    return child;
  }

  /** Removes the series that `remove(...args)` means; none is none. */
  remove(args: readonly unknown[]): void {
    const labels = labelsOfArguments(args, this.#names);
    this.check(labels);
    const removed = this.#series.end(this.#table.textsOf(labels));
    if (removed !== undefined) this.#forget(removed);
  }

  /** Removes the series of which `condition` is true. */
  removeIf(condition: (series: S) => boolean): void {
    for (const removed of this.#series.endIf(condition)) this.#forget(removed);
  }

  /** Removes all series. */
  clear(): void {
    this.#series.endAll();
    this.#kept = [];
    this.#free = [];
  }

  #find(args: readonly unknown[]): S | undefined {
    if (typeof args[0] === 'object') return this.#table.find((args[0] ?? {}) as LabelSet);
    return args.length === this.#names.length ? this.#table.findByValues(args) : undefined;
  }

  #forget({ kept }: S): void {
    if (kept < 0) return;
    this.#kept[kept] = undefined;
    this.#free.push(kept);
  }

  #sunk(): S {
    if (this.#sink === undefined) {
      this.#sink = this.#newSeries();
      this.#series.sink(this.#sink);
    }
    return this.#sink;
  }

  /** Makes what has just been looked for in vain. */
  #create(labels: LabelSet): S {
    const texts = this.#table.missed;
    if (texts === undefined) {
      this.check(labels);
      return this.at(labels);
    }
    const given = tells(texts, labels, this.#names) ? undefined : { ...labels };
    // To read the labels may have run the caller's code, and that may have used this very metric.
    const known = this.#table.missed === texts ? undefined : this.#table.findByTexts(texts);
    if (known !== undefined) return known;
    const series = this.#newSeries();
    return this.#series.begin(series, texts, given) ? series : this.#sunk();
  }
}

/** What the functions of one child share: its labels, and its series for as long as that lives. */
export class KeptSeries<S extends Series, Child> {
  readonly labels: LabelSet;
  readonly #children: Children<S, Child>;
  #series: S;

  constructor(children: Children<S, Child>, labels: LabelSet, series: S) {
    this.#children = children;
    this.labels = labels;
    this.#series = series;
  }

  /** The live series; makes a new one if it has been removed or was not there yet. Throws what `Children.at` throws. */
  live(): S {
    if (this.#series.record < 0) this.#series = this.#children.at(this.labels);
    return this.#series;
  }

  /** The series of these labels and some more, as the end of a timer gives them. */
  liveWith(more: LabelSet | undefined): S {
    return more === undefined ? this.live() : this.#children.at({ ...this.labels, ...more });
  }

  /** Throws what `live()` would throw for the labels. */
  check(): void {
    this.#children.check(this.labels);
  }
}
