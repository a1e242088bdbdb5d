import { decodedFamilies, messagesIn, numberIn, signed, signedIn, timeIn } from './decoded-protobuf';
import {
  type Exemplar,
  type Family,
  familiesOf,
  fieldOf,
  type Label,
  numberOf,
  type Sample,
  sampleOf,
} from './openmetrics/exposition';
import { keyOf } from './openmetrics/rules';

/** All that an exposition says, in one form for all formats: numbers, or texts, by the names and labels of the text format. */
export type Numbers = Map<string, number | string>;

/** Of the text format, or of OpenMetrics 1. */
export function numbersOfText(text: string): Numbers {
  const numbers: Numbers = new Map();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const { name, labels, value } = sampleOf(line);
    // A start time has another name in the other formats.
    const time = /^(.*?)(?:_total)?_created$/.exec(name);
    if (time === null || !/^1[5-9]\d{8}(\.|$)/.test(value)) add(numbers, name, labels, numberOf(value));
  }
  return numbers;
}

export function numbersOfOpenMetrics2(text: string): Numbers {
  const numbers: Numbers = new Map();
  for (const family of familiesOf(text))
    for (const sample of family.samples) addComposite(numbers, family, sample);
  return numbers;
}

export function numbersOfProtobuf(body: Buffer): Numbers {
  const numbers: Numbers = new Map();
  for (const { name, type, metrics } of decodedFamilies(body)) {
    for (const { labels, fields } of metrics) {
      if (type === 'counter' || type === 'gauge') {
        add(numbers, name, labels, numberIn(fields, 1));
        if (type === 'counter') addStart(numbers, name, labels, timeIn(fields, 3));
        addExemplars(numbers, name, labels, messagesIn(fields, 2).map(exemplarOf));
        continue;
      }
      add(numbers, `${name}_count`, labels, numberIn(fields, 1));
      add(numbers, `${name}_sum`, labels, numberIn(fields, 2));
      addStart(numbers, name, labels, timeIn(fields, type === 'summary' ? 4 : 15));
      const exemplars: Exemplar[] = [];
      for (const part of messagesIn(fields, 3)) {
        const [first, second] = [numberIn(part, 1), numberIn(part, 2)];
        if (type === 'summary') add(numbers, name, [...labels, ['quantile', `${first}`]], second);
        else if (second < Infinity) add(numbers, `${name}_bucket`, [...labels, ['le', `${second}`]], first);
        exemplars.push(...messagesIn(part, 3).map(exemplarOf));
      }
      if (type === 'summary') continue;
      // A native histogram without other bounds has no classic buckets.
      const isNative = fields.has(6);
      const only = isNative ? messagesIn(fields, 16).map(exemplarOf) : [];
      addExemplars(numbers, name, labels, exemplars.length > 0 ? exemplars : only);
      if (!isNative || fields.has(3)) {
        add(numbers, `${name}_bucket`, [...labels, ['le', 'Infinity']], numberIn(fields, 1));
      }
      if (!isNative) continue;
      add(numbers, `${name} schema`, labels, signed(numberIn(fields, 5)));
      add(numbers, `${name} threshold`, labels, numberIn(fields, 6));
      add(numbers, `${name} zero`, labels, numberIn(fields, 7));
      for (const [sign, spans, deltas] of [
        ['-', 9, 10],
        ['+', 12, 13],
      ] as const) {
        let count = 0;
        const counts = signedIn(fields, deltas).map((delta) => (count += delta));
        const pairs = messagesIn(fields, spans).map((span) => [signed(numberIn(span, 1)), numberIn(span, 2)]);
        addBuckets(numbers, `${name} ${sign}`, labels, pairs as [number, number][], counts);
      }
    }
  }
  return numbers;
}

function addComposite(
  numbers: Numbers,
  { name, type }: Family,
  { labels, value, start, exemplars }: Sample,
): void {
  addStart(numbers, name, labels, start === undefined ? undefined : Math.round(start * 1000));
  addExemplars(numbers, name, labels, exemplars);
  if (!value.startsWith('{')) {
    add(numbers, name, labels, numberOf(value));
    return;
  }
  const number = (field: string): number => numberOf(fieldOf(value, field) ?? '');
  const pairs = (field: string): [number, number][] =>
    (fieldOf(value, field) || undefined)
      ?.split(',')
      .map((pair) => pair.split(':').map(numberOf) as [number, number]) ?? [];
  add(numbers, `${name}_count`, labels, number('count'));
  add(numbers, `${name}_sum`, labels, number('sum'));
  for (const [quantile, own] of pairs('quantile'))
    add(numbers, name, [...labels, ['quantile', `${quantile}`]], own);
  for (const [bound, own] of pairs('bucket'))
    add(numbers, `${name}_bucket`, [...labels, ['le', `${bound}`]], own);
  if (type !== 'histogram' || fieldOf(value, 'schema') === undefined) return;
  add(numbers, `${name} schema`, labels, number('schema'));
  add(numbers, `${name} threshold`, labels, number('zero_threshold'));
  add(numbers, `${name} zero`, labels, number('zero_count'));
  for (const [sign, field] of [
    ['-', 'negative'],
    ['+', 'positive'],
  ] as const) {
    const counts = pairs(`${field}_buckets`).map(([count]) => count);
    addBuckets(numbers, `${name} ${sign}`, labels, pairs(`${field}_spans`), counts);
  }
}

function add(numbers: Numbers, name: string, labels: readonly Label[], value: number): void {
  const own = labels.map(
    ([label, text]): Label => [label, label === 'le' || label === 'quantile' ? `${numberOf(text)}` : text],
  );
  // The text format has 0 for quantiles of nothing.
  const isNothing = Number.isNaN(value) && labels.some(([label]) => label === 'quantile');
  numbers.set(name + keyOf(own), isNothing ? 0 : value);
}

function addStart(numbers: Numbers, name: string, labels: readonly Label[], start: number | undefined): void {
  if (start !== undefined) numbers.set(`${name} start${keyOf(labels)}`, start);
}

function addExemplars(
  numbers: Numbers,
  name: string,
  labels: readonly Label[],
  all: readonly Exemplar[],
): void {
  if (all.length > 0)
    numbers.set(
      `${name} exemplars${keyOf(labels)}`,
      JSON.stringify(all.map(({ labels: own, value }) => [own, value])),
    );
}

function addBuckets(
  numbers: Numbers,
  name: string,
  labels: readonly Label[],
  spans: readonly [offset: number, length: number][],
  counts: readonly number[],
): void {
  let key = 0;
  let at = 0;
  for (const [offset, length] of spans) {
    key += offset;
    for (let i = 0; i < length; i++, key++) {
      const count = counts[at++] as number;
      if (count > 0) numbers.set(`${name}${key}${keyOf(labels)}`, count);
    }
  }
}

function exemplarOf(fields: ReturnType<typeof messagesIn>[number]): Exemplar {
  const labels = messagesIn(fields, 1).map((label) =>
    [1, 2].map((field) => ((label.get(field)?.[0] as Buffer | undefined) ?? '').toString()),
  );
  return { labels: labels as unknown as Label[], value: numberIn(fields, 2), time: undefined };
}
