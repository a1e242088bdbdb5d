import type { Exemplar, NativeBucket, NativeHistogram } from '../model/family';
import type { LabelSet } from '../model/labels';
import type { EscapingScheme } from '../model/name-escaping';
import { escapedFamily, escapedLabels } from './escaped-family';
import { type ExposedSeries, exposedSeries, type LabelText } from './exposed-series';
import { nativeCount, spansOf } from './native-spans';
import { shownBuckets } from './openmetrics-parts';
import { Message } from './protobuf-message';
import type { TextFamily } from './text';

// The fields of io.prometheus.client.MetricFamily, as native/render/render_protobuf.cc has them.
const types: Readonly<Record<string, number>> = { counter: 0, gauge: 1, summary: 2, histogram: 4 };
const untyped = 3;
/** The field of a metric that has its numbers, by the number of its type. */
const valueFields: readonly number[] = [3, 2, 4, 5, 7];

/** A family as a message after its length. One without series is left out, as readers would do. */
export function protobufFamily(
  named: TextFamily,
  labels: LabelSet,
  escaping: EscapingScheme = 'underscores',
): Buffer {
  const family = escapedFamily(named, escaping);
  const all = exposedSeries(family, escapedLabels(labels, escaping));
  if (all.length === 0) return Buffer.alloc(0);
  const type = types[family.type] ?? untyped;
  const isNative = all.some(({ native }) => native !== undefined);
  const message = new Message().text(1, family.name).text(2, `${family.help}`).unsigned(3, type);
  for (const series of all) {
    message.message(
      4,
      metricOf(type, isNative && !series.native ? { ...series, native: noBuckets } : series),
    );
  }
  if (family.unit !== undefined) message.text(5, family.unit);
  return new Message().delimited(message).bytes;
}

/** The messages of an exposition, each with its length, by the names of the families. */
export function protobufFamilies(exposition: Buffer): Map<string, Buffer> {
  const families = new Map<string, Buffer>();
  for (let at = 0; at < exposition.length; ) {
    const [length, start] = varintAt(exposition, at);
    // The name is the first field, and has a tag of one byte.
    const [nameLength, name] = varintAt(exposition, start + 1);
    families.set(
      exposition.toString('utf8', name, name + nameLength),
      exposition.subarray(at, start + length),
    );
    at = start + length;
  }
  return families;
}

const noBuckets: NativeHistogram = {
  schema: 8,
  zeroThreshold: 0,
  zeroCount: 0,
  positive: [],
  negative: [],
};

/** The value and the position after it. */
function varintAt(bytes: Buffer, at: number): [value: number, end: number] {
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = bytes[at++] as number;
    value += (byte & 127) * scale;
    if (byte < 128) return [value, at];
  }
}

function metricOf(type: number, series: ExposedSeries): Message {
  const metric = withLabels(new Message(), 1, series.labels);
  return metric.message(valueFields[type] as number, numbersOf(type, series));
}

function numbersOf(type: number, series: ExposedSeries): Message {
  const { value = 0, exemplar, sum = 0, count = 0 } = series;
  if (type === types['histogram']) return histogramOf(series);
  if (type !== types['summary']) {
    const number = new Message().double(1, value);
    if (type !== types['counter']) return number;
    return withStart(exemplar ? number.message(2, exemplarOf(exemplar)) : number, 3, series);
  }
  const summary = new Message().unsigned(1, countOf(count)).double(2, sum);
  for (const { quantile, value } of series.quantiles) {
    summary.message(3, new Message().double(1, quantile).double(2, count > 0 ? value : NaN));
  }
  return withStart(summary, 4, series);
}

function histogramOf(series: ExposedSeries): Message {
  const { buckets, sum = 0, count = 0, native } = series;
  // Readers refuse a native histogram whose count is not the sum of its buckets.
  const histogram = new Message().unsigned(1, countOf(native ? nativeCount(native) : count)).double(2, sum);
  const isClassic = buckets.some(({ bound }) => bound !== Infinity);
  for (const { bound, count: cumulative, exemplar } of shownBuckets(series)) {
    // The count tells that of the bucket of +Inf.
    if (bound === Infinity && (!exemplar || !isClassic)) continue;
    const bucket = new Message().unsigned(1, countOf(cumulative)).double(2, bound);
    histogram.message(3, exemplar ? bucket.message(3, exemplarOf(exemplar)) : bucket);
  }
  if (native === undefined) return withStart(histogram, 15, series);
  histogram.signed(5, native.schema).double(6, native.zeroThreshold).unsigned(7, countOf(native.zeroCount));
  addBuckets(histogram, native.negative, 9, 10);
  addBuckets(histogram, native.positive, 12, 13);
  // Tells that it is a native one.
  if (native.zeroThreshold === 0 && nativeCount(native) === 0) histogram.message(12, new Message());
  withStart(histogram, 15, series);
  for (const { exemplar } of buckets) if (exemplar) histogram.message(16, exemplarOf(exemplar));
  return histogram;
}

function addBuckets(
  histogram: Message,
  buckets: readonly NativeBucket[],
  spanField: number,
  deltaField: number,
): void {
  if (buckets.length === 0) return;
  // As in client_golang, gaps of up to two empty buckets are cheaper than another span.
  const { spans, counts } = spansOf(buckets, 2);
  for (const { offset, length } of spans) {
    histogram.message(spanField, new Message().signed(1, offset).unsigned(2, length));
  }
  const deltas = new Message();
  let last = 0;
  for (const count of counts.map(countOf)) {
    deltas.zigZag(count - last);
    last = count;
  }
  histogram.message(deltaField, deltas);
}

function exemplarOf({ labelSet, value, timestamp }: Exemplar): Message {
  const labels = Object.entries(labelSet).map(([name, text]): LabelText => [name, `${text}`]);
  const exemplar = withLabels(new Message(), 1, labels).double(2, value);
  if (timestamp === undefined) return exemplar;
  return exemplar.message(3, timeOf(timestamp * 1000));
}

function timeOf(milliseconds: number): Message {
  const seconds = Math.floor(milliseconds / 1000);
  return new Message().unsigned(1, seconds).unsigned(2, Math.floor((milliseconds - seconds * 1000) * 1e6));
}

/** Adds the start time, where it is known. */
function withStart(message: Message, field: number, { created }: ExposedSeries): Message {
  return created !== undefined && created > 0 ? message.message(field, timeOf(created)) : message;
}

function withLabels(message: Message, field: number, labels: readonly LabelText[]): Message {
  for (const [name, text] of labels) message.message(field, new Message().text(1, name).text(2, text));
  return message;
}

function countOf(count: number): number {
  return count > 0 ? Math.round(count) : 0;
}
