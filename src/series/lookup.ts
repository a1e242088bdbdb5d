import { type LabelSet, type LabelTexts, labelText } from '../model/labels';
import { blockRows, type Column, firstRows, startOf } from './column';
import { hashOf, hashOfText, hashSource, type Sampling } from './label-hash';

/** The label texts of series in rows that are numbered from 1, and an open-addressing hash table of the row numbers. */
export interface Rows {
  /** Row numbers; 0 is a free slot. At most half of the slots are in use. */
  slots: Int32Array;
  /** The search for a hash begins at slot `hash >>> shift`. */
  shift: number;
  /** As many for each row as there are label names. Those of a removed series are null, which is equal to no text. */
  texts: Column<string | undefined | null>;
  sampling: Sampling;
}

export const fewestSlots = 8;

/** A hash table with `count` free slots, a power of two. */
export function emptySlots(count: number): Pick<Rows, 'slots' | 'shift'> {
  return { slots: new Int32Array(count), shift: Math.clz32(count) + 1 };
}

/** Enters a row in the first free slot for its hash. Returns how many slots were not free. */
export function enterRow({ slots, shift }: Pick<Rows, 'slots' | 'shift'>, row: number, hash: number): number {
  const mask = slots.length - 1;
  let at = hash >>> shift;
  let steps = 0;
  for (; slots[at] !== 0; at = (at + 1) & mask) steps++;
  slots[at] = row;
  return steps;
}

/**
 * Finds the row of some labels, and writes nothing. The conversion of a value that is no text may run code of the caller, which
 * may change the rows: 0 says for certain only that there was no such row at some time.
 */
export interface Lookup {
  /** 0 also for labels that the metric does not have. */
  byLabels(labels: LabelSet): number;
  /** `values` are as many as there are label names, and in their order. */
  byValues(values: readonly unknown[]): number;
}

export function rowOf(rows: Rows, texts: LabelTexts): number {
  const { slots } = rows;
  const mask = slots.length - 1;
  for (let at = hashOf(texts, 0, texts.length, rows.sampling) >>> rows.shift; ; at = (at + 1) & mask) {
    const row = slots[at] as number;
    if (row === 0 || isRow(rows, row, texts)) return row;
  }
}

function isRow(rows: Rows, row: number, texts: LabelTexts): boolean {
  const block = rows.texts.block(row);
  const start = startOf(row, texts.length);
  for (let i = 0; i < texts.length; i++) if (block[start + i] !== texts[i]) return false;
  return true;
}

/** The same for labels as `Lookup.byLabels()` takes them. The loop over `names` takes twice the time of a compiled lookup. */
export function rowOfLabels(rows: Rows, names: readonly string[], labels: LabelSet): number {
  for (const name in labels) if (!names.includes(name)) return 0;
  const texts = new Array<string | undefined>(names.length);
  for (let i = 0; i < names.length; i++) texts[i] = labelText(labels[names[i] as string]);
  return rowOf(rows, texts);
}

/** The lookup of a metric without label names: its only series is in row 1. */
export const unlabelledLookup: Lookup = {
  byLabels(labels) {
    for (const _ in labels) return 0;
    return 1;
  },
  byValues: () => 1,
};

/**
 * The lookup of a busy metric as functions in which the names and the sampled offsets are constants: it takes half the time. It is
 * of no use once the rows have another sampling, and finds no row of a second block that came later: to choose the block takes 8 ns,
 * which few metrics need. Undefined where code may not be made from text.
 */
export function compiledLookup(names: readonly string[], rows: Rows): Lookup | undefined {
  try {
    return new Function('rows', 'labelText', 'hashOfText', sourceOf(names, rows))(
      rows,
      labelText,
      hashOfText,
    );
  } catch (error) {
    if (error instanceof EvalError) return undefined;
    throw error;
  }
}

function sourceOf(names: readonly string[], { texts: column, sampling }: Rows): string {
  const quoted = names.map((name) => JSON.stringify(name));
  const texts = names.map((_, i) => `text${i}`);
  const isMany = column.length > firstRows;
  const isRow = texts.map((text, i) => `block[start + ${i}] === ${text}`).join(' && ');
  const search = (values: readonly string[]): string => `
    ${texts.map((text, i) => `let ${text} = ${values[i]}; if (typeof ${text} !== 'string') ${text} = labelText(${text});`).join('\n')}
    ${hashSource(texts, sampling)}
    const { slots } = rows;
    const mask = slots.length - 1;
    for (let at = hash >>> rows.shift; ; at = (at + 1) & mask) {
      const row = slots[at];
      if (row === 0) return 0;
      const block = rows.texts.${isMany ? 'block(row)' : 'first'};
      const start = ${isMany ? `(row < ${firstRows} ? row : row & ${blockRows - 1})` : 'row'} * ${names.length};
      if (${isMany ? isRow : `row < ${firstRows} && ${isRow}`}) return row;
    }`;
  return `'use strict';
return {
  byLabels(labels) {
    for (const name in labels) {
      if (${['true', ...quoted.map((name) => `name !== ${name}`)].join(' && ')}) return 0;
    }
    ${search(quoted.map((name) => `labels[${name}]`))}
  },
  byValues(values) {
    ${search(names.map((_, i) => `values[${i}]`))}
  },
};`;
}
