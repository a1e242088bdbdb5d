import { givenOf, noShape, shapeOf } from '../model/label-shape';
import { checkLabels, type LabelSet, labelsOfArguments } from '../model/labels';
import type { Miss } from './lookup';
import type { Newcomers } from './newcomers';
import type { FamilySeries, Series } from './series';
import type { SeriesTable } from './table';

/** The series of a metric by label values, made when they are first asked for. */
export class Children<S extends Series, Child> {
  readonly #names: readonly string[];
  readonly #series: FamilySeries<S>;
  readonly #table: SeriesTable<S>;
  readonly #miss: Readonly<Miss>;
  readonly #newcomers: Newcomers<S> | undefined;
  readonly #newSeries: () => S;
  /** By row. Not in the table: the store holds that, and children hold this. */
  #kept: (Child | undefined)[] = [];
  #arrangement = 0;
  readonly #newChild: (kept: KeptSeries<S, Child>) => Child;
  /** In the place of those that are not there yet. */
  readonly #dead: S;
  #unlabelled: S;
  /** Takes the updates of series that there is no room for. */
  #sink: S | undefined;

  constructor(series: FamilySeries<S>, newSeries: () => S, newChild: (kept: KeptSeries<S, Child>) => Child) {
    this.#names = series.definition.labelNames;
    this.#series = series;
    this.#table = series.table;
    this.#miss = series.table.miss;
    this.#newcomers = series.newcomers;
    this.#newSeries = newSeries;
    this.#newChild = newChild;
    this.#dead = newSeries();
    this.#unlabelled = this.#dead;
    // Kept children point here and not at the metric, so the family stays for as long as either is in use.
    series.outlive(this);
  }

  /** The series without any label, made if need be. */
  unlabelled(): S {
    if (this.#unlabelled.record < 0) this.#unlabelled = this.at({});
    return this.#unlabelled;
  }

  /**
   * The series of `labels`, made if need be, to be written at once. Whoever keeps it looks at its record before the next write: that
   * of a series that is used for the first time is dead by then. Throws for labels that the metric does not have.
   */
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
    const table = this.#table;
    const row = this.#rowOf(args);
    const kept = this.#keptByRow()[row];
    if (kept !== undefined) return kept;
    const labels = labelsOfArguments(args, this.#names);
    if (checkNow) this.check(labels);
    // A newcomer that is asked for is in the table from now on.
    const { texts } = this.#miss;
    if (row === 0 && texts && this.#newcomers?.meet(texts, noShape)) return this.child(args, checkNow);
    const series = table.at(row);
    const own = typeof args[0] === 'object' ? { ...labels } : labels;
    const child = this.#newChild(new KeptSeries(this, own, series ?? this.#dead));
    // To copy the labels may have run the caller's code, and that may have changed the table.
    if (series !== undefined && table.at(row) === series) {
      const children = this.#keptByRow();
      while (children.length < row) children.push(undefined);
      children[row] = child;
    }
    return child;
  }

  /** Removes the series that `remove(...args)` means; none is none. */
  remove(args: readonly unknown[]): void {
    const labels = labelsOfArguments(args, this.#names);
    this.check(labels);
    this.#series.end(this.#table.textsOf(labels));
  }

  /** Removes the series of which `condition` is true. */
  removeIf(condition: (series: S) => boolean): void {
    this.#series.endIf(condition);
  }

  /** Removes all series. */
  clear(): void {
    this.#series.endAll();
  }

  #keptByRow(): (Child | undefined)[] {
    if (this.#table.arrangement !== this.#arrangement) {
      this.#arrangement = this.#table.arrangement;
      this.#kept = [];
    }
    return this.#kept;
  }

  #rowOf(args: readonly unknown[]): number {
    if (typeof args[0] === 'object') return this.#table.rowOf((args[0] ?? {}) as LabelSet);
    return args.length === this.#names.length ? this.#table.rowOfValues(args) : 0;
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
    const texts = this.#miss.texts;
    if (texts === undefined) {
      this.check(labels);
      return this.at(labels);
    }
    const shape = this.#miss.isPlain ? 0 : shapeOf(texts, labels, this.#names);
    const copy = shape === noShape ? { ...labels } : undefined;
    // To read the labels may have run the caller's code, and that may have used this very metric.
    const known = this.#miss.texts === texts ? undefined : this.#table.findByTexts(texts);
    if (known !== undefined) return known;
    const met = this.#newcomers?.meet(texts, shape);
    if (met !== undefined) return met;
    const series = this.#newSeries();
    return this.#series.begin(series, texts, copy ?? givenOf(shape, texts, this.#names))
      ? series
      : this.#sunk();
  }
}

/** What the functions of one child share: its labels, and its series for as long as that lives. */
export class KeptSeries<S extends Series, Child> {
  readonly labels: LabelSet;
  /** The series when the child was made. What is called often has a variable of its own for it: one place less to look at. */
  readonly series: S;
  readonly #children: Children<S, Child>;

  constructor(children: Children<S, Child>, labels: LabelSet, series: S) {
    this.#children = children;
    this.labels = labels;
    this.series = series;
  }

  /** The live series; makes a new one if it has been removed or was not there yet. Throws what `Children.at` throws. */
  live(): S {
    return this.series.record < 0 ? this.#children.at(this.labels) : this.series;
  }

  /** The series of these labels and some more, as the end of a timer gives them, to be written at once. */
  liveWith(more: LabelSet | undefined): S {
    return more === undefined ? this.live() : this.#children.at({ ...this.labels, ...more });
  }

  /** Throws what `live()` would throw for the labels. */
  check(): void {
    this.#children.check(this.labels);
  }
}
