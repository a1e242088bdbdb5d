import { type LabelSet, type LabelTexts, labelText } from '../model/labels';
import { type Places, sample, sampleAll, source } from './label-sampling';

/**
 * The series of a metric in the order of their first use, in rows that are numbered from 1, and an open-addressing hash
 * table of the rows' numbers (0 is nothing), of which at most half is in use.
 */
export interface Rows<S> {
  slots: Int32Array;
  /** The slot of a hash is `hash >>> shift`, or the next that fits. */
  shift: number;
  /** As many for each row as there are label names. Those of a removed series are null: they are like no text. */
  texts: (string | undefined | null)[];
  /** By row. */
  series: (S | undefined)[];
}

/** Finds the series of some labels. It converts what is no text, which may run the caller's code, before it looks. */
export interface Lookup<S> {
  /** Undefined also for labels that the metric does not have. */
  byLabels(labels: LabelSet): S | undefined;
  textsOf(labels: LabelSet): LabelTexts;
  /** `values` are as many as there are label names, and in their order. */
  byValues(values: readonly unknown[]): S | undefined;
}

/** 2^32 divided by the golden ratio: its multiples spread whatever follows a pattern. */
export const multiplier = 0x9e3779b1;

/** The hash of the labels whose texts begin at `texts[first]`. */
export function hashOf(
  texts: readonly (string | undefined | null)[],
  first: number,
  places: readonly Places[],
): number {
  let hash = 0;
  for (let i = 0; i < places.length; i++) {
    const text = texts[first + i];
    const part = typeof text === 'string' ? sample(text, places[i] as Places) : -1;
    hash = (Math.imul(hash, multiplier) + part) | 0;
  }
  return Math.imul(hash ^ (hash >>> 15), multiplier);
}

/** The row of `texts`, or 0. */
export function rowOf(rows: Rows<unknown>, texts: LabelTexts, places: readonly Places[]): number {
  const { slots, shift } = rows;
  for (let at = hashOf(texts, 0, places) >>> shift; ; at = (at + 1) & (slots.length - 1)) {
    const row = slots[at] as number;
    if (row === 0 || isRow(rows, row, texts)) return row;
  }
}

function isRow(rows: Rows<unknown>, row: number, texts: LabelTexts): boolean {
  const first = row * texts.length;
  for (let i = 0; i < texts.length; i++) if (rows.texts[first + i] !== texts[i]) return false;
  return true;
}

/**
 * The lookup for `names`, as functions of its own where code may be made from text: V8 then knows which properties are
 * read and which characters are looked at. That takes half the time of the other way, which loops over the names.
 */
export function lookupOf<S>(names: readonly string[], places: readonly Places[], rows: Rows<S>): Lookup<S> {
  try {
    const make = new Function('rows', 'labelText', 'sampleAll', sourceOf(names, places));
    return make(rows, labelText, sampleAll) as Lookup<S>;
  } catch (error) {
    if (error instanceof EvalError) return loopingLookup(names, places, rows);
    throw error;
  }
}

export function loopingLookup<S>(
  names: readonly string[],
  places: readonly Places[],
  rows: Rows<S>,
): Lookup<S> {
  const known = new Set(names);
  const byValues = (values: readonly unknown[]): S | undefined =>
    rows.series[rowOf(rows, values.map(labelText), places)];
  return {
    byLabels(labels) {
      for (const name in labels) if (!known.has(name)) return undefined;
      return byValues(names.map((name) => labels[name]));
    },
    textsOf: (labels) => names.map((name) => labels[name]).map(labelText),
    byValues,
  };
}

/** `loopingLookup()` with every loop written out. */
function sourceOf(names: readonly string[], places: readonly Places[]): string {
  const each = (text: (i: number) => string): string => names.map((_, i) => text(i)).join('\n');
  // The polynomial of `hashOf()`, so that the parts do not wait for each other.
  const factors = names.map((_, i) => powerOf(multiplier, names.length - 1 - i));
  const all = (conditions: string[]): string => ['true', ...conditions].join(' && ');
  const quoted = names.map((name) => JSON.stringify(name));
  const search = `
    ${each(
      (i) => `let hash${i} = -1;
    if (typeof text${i} === 'string' || (text${i} = labelText(text${i})) !== undefined) {
      hash${i} = ${source(`text${i}`, places[i] as Places)};
    }`,
    )}
    const sum = ${names.map((_, i) => `Math.imul(hash${i}, ${factors[i]})`).join(' + ') || '0'} | 0;
    const { slots, texts } = rows;
    const mask = slots.length - 1;
    for (let at = Math.imul(sum ^ sum >>> 15, ${multiplier}) >>> rows.shift; ; at = (at + 1) & mask) {
      const row = slots[at];
      if (row === 0) return undefined;
      const first = row * ${names.length};
      if (${all(names.map((_, i) => `texts[first + ${i}] === text${i}`))}) return rows.series[row];
    }`;
  return `'use strict';
return {
  byLabels(labels) {
    for (const name in labels) if (${all(quoted.map((name) => `name !== ${name}`))}) return undefined;
    ${each((i) => `let text${i} = labels[${quoted[i]}];`)}
    ${search}
  },
  textsOf(labels) {
    ${each((i) => `const value${i} = labels[${quoted[i]}];`)}
    return [${names.map((_, i) => `labelText(value${i})`)}];
  },
  byValues(values) {
    ${each((i) => `let text${i} = values[${i}];`)}
    ${search}
  },
};`;
}

function powerOf(base: number, exponent: number): number {
  let power = 1;
  for (let i = 0; i < exponent; i++) power = Math.imul(power, base);
  return power;
}
