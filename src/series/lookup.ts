import { type LabelSet, type LabelTexts, labelText } from '../model/labels';
import { type Places, sample, sampleAll, source, spareBits } from './label-sampling';

/**
 * The series of a metric in the order of their first use, in rows that are numbered from 1, and an open-addressing hash
 * table of the rows' numbers (0 is nothing), of which at most half is in use.
 */
export interface Rows<S> {
  slots: Int32Array;
  /** The slot of a hash is `hash >>> shift`, or the next that fits. */
  shift: number;
  /** By row, as long as the slots are those: there is room for as many as the slots may have. */
  hashes: Int32Array;
  /** As many for each row as there are label names. Those of a removed series are null: they are like no text. */
  texts: (string | undefined | null)[];
  /** By label: where it is looked at. */
  places: readonly Places[];
  /** By label: see `factorsOf()`. Another array whenever rows get other hashes. */
  factors: readonly number[];
  /** By row. */
  series: (S | undefined)[];
  readonly miss: Miss;
}

/** What was last looked for in vain. */
export interface Miss {
  /** Undefined when it is there now, or the metric does not have such labels, or they must be looked for again. */
  texts: LabelTexts | undefined;
  hash: number;
  /** Whether the labels are known to be plain, as `shapeOf()` would find out. */
  isPlain: boolean;
}

/**
 * Finds the row of some labels, or 0. It converts what is no text, which may run the caller's code, before it looks.
 */
export interface Lookup {
  /** It is 0 also for labels that the metric does not have; `Rows.miss` tells the difference. */
  byLabels(labels: LabelSet): number;
  textsOf(labels: LabelSet): LabelTexts;
  /** `values` are as many as there are label names, and in their order. */
  byValues(values: readonly unknown[]): number;
}

/** The hash of the labels whose texts begin at `texts[first]`. */
export function hashOf(
  { places, factors }: Pick<Rows<unknown>, 'places' | 'factors'>,
  texts: readonly (string | undefined | null)[],
  first: number,
): number {
  let hash = 0;
  for (let i = 0; i < places.length; i++) {
    const text = texts[first + i];
    const part = typeof text === 'string' ? sample(text, places[i] as Places) : -1;
    hash = (hash + part * (factors[i] as number)) | 0;
  }
  return hash << spareBits;
}

/** Whether there is nothing to look for; no hash is made then. */
export function isEmpty(rows: Rows<unknown>): boolean {
  return rows.series.length === 1;
}

/** The row of `texts`, or 0. */
export function rowOf(rows: Rows<unknown>, texts: LabelTexts): number {
  const { slots, shift } = rows;
  const mask = slots.length - 1;
  const hash = hashOf(rows, texts, 0);
  for (let at = hash >>> shift; ; at = (at + 1) & mask) {
    const row = slots[at] as number;
    if (row === 0) {
      rows.miss.texts = texts;
      rows.miss.hash = hash;
      return 0;
    }
    if (isRow(rows, row, texts)) return row;
  }
}

function isRow(rows: Rows<unknown>, row: number, texts: LabelTexts): boolean {
  const first = row * texts.length;
  for (let i = 0; i < texts.length; i++) if (rows.texts[first + i] !== texts[i]) return false;
  return true;
}

/**
 * Any metric's lookup, which loops over the names and the places. It is what new series are looked for by, which are many
 * at the start of a process, when V8 has compiled nothing yet: so there are few calls in it.
 */
export class LoopingLookup implements Lookup {
  readonly #names: readonly string[];
  readonly #rows: Rows<unknown>;
  readonly #often: () => void;
  #finds: number;

  /** `often` is called when it has found a series for the `finds`th time. */
  constructor(names: readonly string[], rows: Rows<unknown>, finds: number, often: () => void) {
    this.#names = names;
    this.#rows = rows;
    this.#finds = finds;
    this.#often = often;
  }

  byLabels(labels: LabelSet): number {
    const names = this.#names;
    const { miss } = this.#rows;
    miss.texts = undefined;
    const texts = new Array<string | undefined>(names.length);
    let count = 0;
    let isPlain = true;
    for (const name in labels) {
      if (name !== names[count]) return this.#byOtherLabels(labels);
      const value = labels[name];
      isPlain &&= typeof value === 'string';
      texts[count++] = typeof value === 'string' ? value : labelText(value);
    }
    if (count < names.length) return this.#byOtherLabels(labels);
    // What is inherited is not told. It comes last, so it is enough to look at the last one.
    miss.isPlain = isPlain && Object.hasOwn(labels, names[count - 1] ?? '');
    return this.#byTexts(texts);
  }

  textsOf(labels: LabelSet): LabelTexts {
    return this.#names.map((name) => labelText(labels[name]));
  }

  byValues(values: readonly unknown[]): number {
    return this.#byTexts(values.map(labelText));
  }

  /** Of labels that are not all there, or not in the order of the names. */
  #byOtherLabels(labels: LabelSet): number {
    const names = this.#names;
    // To read the first ones may have run the caller's code, and that may have missed something else.
    this.#rows.miss.texts = undefined;
    for (const name in labels) if (!names.includes(name)) return 0;
    const texts = new Array<string | undefined>(names.length);
    for (let i = 0; i < names.length; i++) texts[i] = labelText(labels[names[i] as string]);
    this.#rows.miss.isPlain = false;
    return this.#byTexts(texts);
  }

  #byTexts(texts: LabelTexts): number {
    const rows = this.#rows;
    if (isEmpty(rows)) {
      rows.miss.texts = texts;
      return 0;
    }
    const row = rowOf(rows, texts);
    if (row !== 0 && --this.#finds === 0) this.#often();
    return row;
  }
}

/**
 * The lookup for `names` as functions of its own: V8 then knows which properties are read and which characters are looked
 * at. That takes half the time of the other. Undefined where code may not be made from text.
 */
export function ownLookup(names: readonly string[], rows: Rows<unknown>): Lookup | undefined {
  try {
    const make = new Function('rows', 'factors', 'labelText', 'sampleAll', sourceOf(names, rows));
    return make(rows, rows.factors, labelText, sampleAll) as Lookup;
  } catch (error) {
    if (error instanceof EvalError) return undefined;
    throw error;
  }
}

/**
 * `LoopingLookup` with every loop written out. If the caller's code has given the rows other hashes, nothing was looked for: it
 * must be done again.
 */
function sourceOf(names: readonly string[], { places, factors }: Rows<unknown>): string {
  const each = (text: (i: number) => string): string => names.map((_, i) => text(i)).join('\n');
  const all = (conditions: string[]): string => ['true', ...conditions].join(' && ');
  const quoted = names.map((name) => JSON.stringify(name));
  const search = (value: (i: number) => string): string => `
    ${each(
      (i) => `let text${i} = ${value(i)};
    let part${i} = -1;
    if (typeof text${i} === 'string' || (text${i} = labelText(text${i})) !== undefined) {
      part${i} = ${source(`text${i}`, places[i] as Places)};
    }`,
    )}
    const sum = ${names.reduce((sum, _, i) => `(${sum} + part${i} * ${factors[i]} | 0)`, '0')};
    const { slots, texts } = rows;
    const mask = slots.length - 1;
    const hash = sum << ${spareBits};
    for (let at = hash >>> rows.shift; ; at = (at + 1) & mask) {
      const row = slots[at];
      if (row === 0) {
        rows.miss.texts = rows.factors === factors ? [${names.map((_, i) => `text${i}`)}] : undefined;
        rows.miss.hash = hash;
        rows.miss.isPlain = false;
        return 0;
      }
      const first = row * ${names.length};
      if (${all(names.map((_, i) => `texts[first + ${i}] === text${i}`))}) return row;
    }`;
  return `'use strict';
return {
  byLabels(labels) {
    for (const name in labels) {
      if (${all(quoted.map((name) => `name !== ${name}`))}) {
        rows.miss.texts = undefined;
        return 0;
      }
    }
    ${search((i) => `labels[${quoted[i]}]`)}
  },
  textsOf(labels) {
    return [${quoted.map((name) => `labelText(labels[${name}])`)}];
  },
  byValues(values) {
    ${search((i) => `values[${i}]`)}
  },
};`;
}
