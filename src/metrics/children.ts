import { checkLabels, type LabelSet, labelsOfArguments, labelText, primitivesOfText } from '../model/labels';
import type { FamilySeries, Series } from './series';

/**
 * An inner node of the tree of series: the label values of one name, each with what follows. The edge that counts is
 * that of the value's text (`undefined` for a label that is absent). The first use of another primitive with the same
 * text, such as 200 for '200', adds a second edge to the same place, so that the next one needs no text. Objects get
 * no edge: their text may change.
 */
interface Branch<S> extends Map<unknown, Branch<S> | S> {}

/**
 * The series of a metric by label values: nested Maps in the order of the label names. A known series is found
 * without building a string or anything else.
 */
export class Children<S extends Series, Child> {
  readonly #names: readonly string[];
  readonly #series: FamilySeries<S>;
  readonly #newSeries: (labels: LabelSet) => S;
  readonly #newChild: (kept: KeptSeries<S, Child>) => Child;
  readonly #kept = new Map<S, Child>();
  /** The only series, or none, if the metric has no label names. */
  #root: Branch<S> | S | undefined;
  #unlabelled: S;
  /** Takes the updates of series that there is no room for. */
  #sink: S | undefined;

  constructor(
    series: FamilySeries<S>,
    newSeries: (labels: LabelSet) => S,
    newChild: (kept: KeptSeries<S, Child>) => Child,
  ) {
    this.#names = series.definition.labelNames;
    this.#series = series;
    this.#newSeries = newSeries;
    this.#newChild = newChild;
    this.#root = this.#emptyRoot();
    this.#unlabelled = newSeries({});
    // Kept children point here and not at the metric, so the family stays for as long as either is in use.
    series.outlive(this);
  }

  /** The series without any label, made if need be. */
  unlabelled(): S {
    const series = this.#unlabelled;
    return series.record < 0 ? this.at({}) : series;
  }

  /** The series of `labels`, made if need be. Throws for labels that the metric does not have. */
  at(labels: LabelSet): S {
    return this.find(labels) ?? this.#create(labels);
  }

  /** The series of `labels`, or undefined if there is none or `labels` need a closer look. Creates nothing. */
  find(labels: LabelSet): S | undefined {
    const names = this.#names;
    let node = this.#root;
    let depth = 0;
    for (const name in labels) {
      if (name !== names[depth]) return this.#findInAnyOrder(labels);
      node = (node as Branch<S>).get(labels[name]);
      if (node === undefined) return undefined;
      depth++;
    }
    return depth === names.length ? (node as S | undefined) : this.#findInAnyOrder(labels);
  }

  /** Throws unless the metric has all of `labels`. */
  check(labels: LabelSet): void {
    checkLabels(labels, this.#names);
  }

  /**
   * The functions that work on one series, for `labels(...args)`: kept for as long as the series exists, so that
   * asking again costs a walk through the Maps. Creates no series. Labels are checked now or at each use.
   */
  child(args: readonly unknown[], checkNow: boolean): Child {
    const found =
      typeof args[0] === 'object' ? this.find((args[0] ?? {}) as LabelSet) : this.#findByPosition(args);
    const known = found && this.#kept.get(found);
    if (known !== undefined) return known;
    const labels = labelsOfArguments(args, this.#names);
    if (checkNow) this.check(labels);
    const child = this.#newChild(new KeptSeries(this, { ...labels }, found ?? this.#newSeries({})));
    if (found !== undefined) this.#kept.set(found, child);
    return child;
  }

  /** Removes the series that `remove(...args)` means; none is none. */
  remove(args: readonly unknown[]): void {
    const labels = labelsOfArguments(args, this.#names);
    this.check(labels);
    const path: Branch<S>[] = [];
    const texts = this.#names.map((name) => labelText(labels[name]));
    let node = this.#root;
    for (const text of texts) {
      const branch = node as Branch<S>;
      path.push(branch);
      node = branch.get(text);
      if (node === undefined) return;
    }
    if (node === undefined) return;
    this.#kept.delete(node as S);
    this.#series.end(node as S);
    if (path.length === 0) this.#root = undefined;
    for (let depth = path.length - 1; depth >= 0; depth--) {
      const branch = path[depth] as Branch<S>;
      cut(branch, texts[depth]);
      if (branch.size > 0) return;
    }
  }

  /** Removes the series of which `condition` is true. */
  removeIf(condition: (series: S) => boolean): void {
    for (const series of this.#series.live) if (condition(series)) this.remove([series.labels]);
  }

  /** Removes all series. */
  clear(): void {
    this.#series.endAll();
    this.#kept.clear();
    this.#root = this.#emptyRoot();
  }

  #emptyRoot(): Branch<S> | undefined {
    return this.#names.length > 0 ? new Map() : undefined;
  }

  /** For labels in another order than the names, or fewer of them. */
  #findInAnyOrder(labels: LabelSet): S | undefined {
    let unseen = 0;
    for (const _ in labels) unseen++;
    let node = this.#root;
    for (const name of this.#names) {
      const value = labels[name];
      if (value !== undefined) unseen--;
      node = (node as Branch<S>).get(value);
      if (node === undefined) return undefined;
    }
    // What is left over is unknown, or there but undefined: the slow way tells which.
    return unseen === 0 ? (node as S | undefined) : undefined;
  }

  #findByPosition(values: readonly unknown[]): S | undefined {
    if (values.length !== this.#names.length) return undefined;
    let node = this.#root;
    for (const value of values) {
      if (node === undefined) return undefined;
      node = (node as Branch<S>).get(value);
    }
    return node as S | undefined;
  }

  #findByTexts(texts: readonly (string | undefined)[]): S | undefined {
    let node = this.#root;
    for (const text of texts) {
      if (node === undefined) return undefined;
      node = (node as Branch<S>).get(text);
    }
    return node as S | undefined;
  }

  #sunk(): S {
    if (this.#sink === undefined) {
      this.#sink = this.#newSeries({});
      this.#series.sink(this.#sink);
    }
    return this.#sink;
  }

  #create(labels: LabelSet): S {
    this.check(labels);
    // Everything that can run the caller's code comes first: it may throw, or call this very metric.
    const values = this.#names.map((name) => labels[name]);
    const texts = values.map(labelText);
    const known = this.#findByTexts(texts);
    if (known === undefined && !this.#series.admits()) return this.#sunk();
    const last = texts.length - 1;
    let branch = this.#root as Branch<S>;
    for (let depth = 0; depth < last; depth++) {
      let next = branch.get(texts[depth]) as Branch<S> | undefined;
      if (next === undefined) {
        next = new Map();
        branch.set(texts[depth], next);
      }
      alias(branch, values[depth], next);
      branch = next;
    }
    let series = known;
    if (series === undefined) {
      series = this.#newSeries({ ...labels });
      this.#series.begin(series);
      if (last < 0) this.#root = series;
      else branch.set(texts[last], series);
      if (texts.every((text) => text === undefined)) this.#unlabelled = series;
    }
    if (last >= 0) alias(branch, values[last], series);
    return series;
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

function alias<S>(branch: Branch<S>, value: unknown, to: Branch<S> | S): void {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  if (!isObject) branch.set(value, to);
}

/** Removes the edge of `text` and its aliases. */
function cut<S>(branch: Branch<S>, text: string | undefined): void {
  branch.delete(text);
  if (text !== undefined) for (const value of primitivesOfText(text)) branch.delete(value);
}
