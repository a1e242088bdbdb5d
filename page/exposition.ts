// Fields by their numbers in io/prometheus/client/metrics.proto.
import type { NativeBucket, NativeHistogram } from '../src/model/family';
import type { Frame } from '../src/views/frame';
import { ProtobufCursor } from './protobuf';

export const accept =
  'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';

const types = ['counter', 'gauge', 'summary', 'untyped', 'histogram'];
/** The field of a metric with its numbers, by the type. */
const summaryField = 4;
const histogramField = 7;

interface Series {
  readonly line: string;
  /** See `Frame`. */
  readonly values: readonly number[];
  readonly bounds: readonly number[];
  readonly native: NativeHistogram | undefined;
}

/** The JSON of labels by their bytes: most series are those of the second before. */
const lines = new Map<string, string>();
const latin1 = new TextDecoder('latin1');

/** An exposition as Protobuf, which has all that the other formats have, and exponential buckets. */
export function frameOf(bytes: Uint8Array): Frame {
  const cursor = new ProtobufCursor(bytes);
  const all: string[] = [];
  const values: number[] = [];
  const natives = new Map<number, NativeHistogram>();
  let position = 0;
  while (cursor.at < bytes.length) {
    const { name, help, type, series } = familyAt(cursor);
    const bounds = series[0]?.bounds ?? [];
    all.push(JSON.stringify({ name, help, type, bounds }));
    for (const one of series) {
      if (one.bounds.length !== bounds.length) continue;
      all.push(one.line);
      for (const value of one.values) values.push(value);
      if (one.native !== undefined) natives.set(position, one.native);
      position++;
    }
  }
  if (lines.size > 2 * position + 1000) lines.clear();
  return {
    layout: 0,
    lines: all,
    values: Float64Array.from(values),
    native: (position) => natives.get(position),
  };
}

function familyAt(cursor: ProtobufCursor): { name: string; help: string; type: string; series: Series[] } {
  const end = cursor.end();
  const family = { name: '', help: '', type: 'counter', series: [] as Series[] };
  for (let field = cursor.field(end); field !== 0; field = cursor.field(end)) {
    if (field === 1) family.name = cursor.text();
    else if (field === 2) family.help = cursor.text();
    else if (field === 3) family.type = types[cursor.unsigned()] ?? 'untyped';
    else if (field === 4) family.series.push(seriesAt(cursor));
    else cursor.skip();
  }
  return family;
}

/** Its labels come before its numbers. */
function seriesAt(cursor: ProtobufCursor): Series {
  const end = cursor.end();
  const labelsAt = cursor.at;
  let labelsEnd = labelsAt;
  let numbers: Omit<Series, 'line'> = { values: [0], bounds: [], native: undefined };
  for (let field = cursor.field(end); field !== 0; field = cursor.field(end)) {
    if (field === histogramField) numbers = histogramAt(cursor);
    else if (field === summaryField) numbers = summaryAt(cursor);
    else if (field === 1) {
      cursor.skip();
      labelsEnd = cursor.at;
    } else if (field < 6) numbers = { ...numbers, values: [valueAt(cursor)] };
    else cursor.skip();
  }
  const raw = latin1.decode(cursor.bytes.subarray(labelsAt, labelsEnd));
  let line = lines.get(raw);
  if (line === undefined) {
    line = JSON.stringify({ labels: labelsIn(cursor.bytes.subarray(labelsAt, labelsEnd)), defaults: [] });
    lines.set(raw, line);
  }
  return { line, ...numbers };
}

function labelsIn(bytes: Uint8Array): [name: string, kind: string, value: string][] {
  const cursor = new ProtobufCursor(bytes);
  const labels: [string, string, string][] = [];
  while (cursor.field(bytes.length) !== 0) {
    const label: [string, string, string] = ['', 'string', ''];
    const end = cursor.end();
    for (let field = cursor.field(end); field !== 0; field = cursor.field(end)) {
      label[field === 1 ? 0 : 2] = cursor.text();
    }
    labels.push(label);
  }
  return labels;
}

/** Of a counter or gauge. */
function valueAt(cursor: ProtobufCursor): number {
  const end = cursor.end();
  let value = 0;
  for (let field = cursor.field(end); field !== 0; field = cursor.field(end)) {
    if (field === 1) value = cursor.double();
    else cursor.skip();
  }
  return value;
}

function summaryAt(cursor: ProtobufCursor): Omit<Series, 'line'> {
  const end = cursor.end();
  let [count, sum] = [0, 0];
  const bounds: number[] = [];
  const quantiles: number[] = [];
  for (let field = cursor.field(end); field !== 0; field = cursor.field(end)) {
    if (field === 1) count = cursor.unsigned();
    else if (field === 2) sum = cursor.double();
    else if (field === 3) quantileAt(cursor, bounds, quantiles);
    else cursor.skip();
  }
  return { values: [...quantiles, sum, count], bounds, native: undefined };
}

function quantileAt(cursor: ProtobufCursor, bounds: number[], quantiles: number[]): void {
  const end = cursor.end();
  for (let field = cursor.field(end); field !== 0; field = cursor.field(end)) {
    (field === 1 ? bounds : quantiles).push(cursor.double());
  }
}

function histogramAt(cursor: ProtobufCursor): Omit<Series, 'line'> {
  const end = cursor.end();
  let [count, sum, schema, zeroThreshold, zeroCount] = [0, 0, NaN, 0, 0];
  const bounds: number[] = [];
  const cumulative: number[] = [];
  const positive = new Buckets();
  const negative = new Buckets();
  for (let field = cursor.field(end); field !== 0; field = cursor.field(end)) {
    if (field === 1) count = cursor.unsigned();
    else if (field === 2) sum = cursor.double();
    else if (field === 3) bucketAt(cursor, bounds, cumulative);
    else if (field === 5) schema = cursor.signed();
    else if (field === 6) zeroThreshold = cursor.double();
    else if (field === 7) zeroCount = cursor.unsigned();
    else if (field === 9) negative.addSpan(cursor);
    else if (field === 10) negative.addCounts(cursor);
    else if (field === 12) positive.addSpan(cursor);
    else if (field === 13) positive.addCounts(cursor);
    else cursor.skip();
  }
  const native = { schema, zeroThreshold, zeroCount, positive: positive.all, negative: negative.all };
  const isNative = zeroCount + native.positive.length + native.negative.length > 0;
  return { values: [sum, ...cumulative, count], bounds, native: isNative ? native : undefined };
}

/** Its cumulative count comes before its bound. The one of +Inf has the count of the histogram. */
function bucketAt(cursor: ProtobufCursor, bounds: number[], cumulative: number[]): void {
  const end = cursor.end();
  let [count, bound] = [0, Infinity];
  for (let field = cursor.field(end); field !== 0; field = cursor.field(end)) {
    if (field === 1) count = cursor.unsigned();
    else if (field === 2) bound = cursor.double();
    else cursor.skip();
  }
  if (bound === Infinity) return;
  bounds.push(bound);
  cumulative.push(count);
}

/** Exponential buckets of one sign: keys by spans, then the differences of their counts. */
class Buckets {
  readonly #keys: number[] = [];
  readonly all: NativeBucket[] = [];
  #next = 0;

  addSpan(cursor: ProtobufCursor): void {
    const end = cursor.end();
    let [offset, length] = [0, 0];
    for (let field = cursor.field(end); field !== 0; field = cursor.field(end)) {
      if (field === 1) offset = cursor.signed();
      else length = cursor.unsigned();
    }
    this.#next += offset;
    for (let i = 0; i < length; i++) this.#keys.push(this.#next++);
  }

  addCounts(cursor: ProtobufCursor): void {
    const end = cursor.end();
    let count = 0;
    for (const key of this.#keys) {
      if (cursor.at >= end) break;
      count += cursor.signed();
      if (count > 0) this.all.push([key, count]);
    }
    cursor.at = end;
  }
}
