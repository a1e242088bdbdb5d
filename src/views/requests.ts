import type { NativeHistogram } from '../model/family';
import { mergedNative } from '../model/native-histogram';
import { nativeQuantile } from './native-quantile';
import { bucketQuantile } from './quantile';
import type { RecordedFamily, RecordedSeries, Recording } from './recording';

/** Requests of HTTP, by the families of this library's presets, OpenTelemetry's and those of other packages. */
export interface RequestNumbers {
  readonly rate: number;
  /** The share of responses with a status of 500 and above. */
  readonly errorRatio: number;
  readonly p99: number | undefined;
  readonly inProgress: number | undefined;
  /** Of each of the last frames. */
  readonly rates: readonly number[];
}

const durations =
  /^(http_request_duration_seconds|http_server_request_duration_seconds|request_latency_seconds)$/;
const counters = /^(http_requests_total|request_count)$/;
const inProgress = /^(http_requests_in_progress|http_server_active_requests|requests_in_progress)$/;
const statusLabels = new Set(['status_code', 'http_response_status_code', 'status', 'code']);

type Frame = Pick<Recording, 'families' | 'frame'>;

/** The histogram of the durations of requests; undefined where the group has none. */
export function durationsOf({ families }: Frame): RecordedFamily | undefined {
  return [...families.values()].find(({ name, type }) => durations.test(name) && type === 'histogram');
}

/** The family that counts requests. */
export function requestsFamilyOf(recording: Frame): RecordedFamily | undefined {
  return [...recording.families.values()].find(({ name }) => counters.test(name)) ?? durationsOf(recording);
}

/** Undefined where the group has no such family. */
export function requestsOf(recording: Frame, length: number): RequestNumbers | undefined {
  const { families, frame } = recording;
  const all = [...families.values()];
  const duration = durationsOf(recording);
  const counted = requestsFamilyOf(recording);
  if (counted === undefined) return undefined;
  const rate = sum(counted.series, (series) => series.rateAt(frame));
  const errors = sum(counted.series.filter(isError), (series) => series.rateAt(frame));
  const gauge = all.find(({ name }) => inProgress.test(name));
  return {
    rate,
    errorRatio: rate > 0 ? errors / rate : 0,
    p99: duration && familyQuantile(duration, frame, 0.99),
    inProgress: gauge && sum(gauge.series, ({ values }) => values[0] ?? 0),
    rates: familyHistory(counted, frame, length),
  };
}

/** Of all series of a family together. */
export function familyQuantile(family: RecordedFamily, frame: number, quantile: number): number | undefined {
  if (family.type !== 'histogram') return undefined;
  const buckets = new Array<number>(family.bounds.length + 1).fill(0);
  const natives: NativeHistogram[] = [];
  for (const series of family.series) {
    if (series.changedAt !== frame) continue;
    const native = series.nativeAt(frame);
    if (native !== undefined) natives.push(native);
    const counts = series.bucketsAt(frame);
    for (let i = 0; i < counts.length; i++) buckets[i] = (buckets[i] ?? 0) + (counts[i] ?? 0);
  }
  const all = mergedNative(natives);
  return all === undefined ? bucketQuantile(family.bounds, buckets, quantile) : nativeQuantile(all, quantile);
}

/** The rates of a family in the last frames; the values of a gauge added up. */
export function familyHistory({ history }: RecordedFamily, frame: number, length: number): number[] {
  const shown = Math.min(length, frame + 1);
  return Array.from({ length: shown }, (_, i) => history.get(frame - shown + 1 + i) ?? 0);
}

export function sum(series: readonly RecordedSeries[], of: (one: RecordedSeries) => number): number {
  return series.reduce((total, one) => total + of(one), 0);
}

function isError({ labels }: RecordedSeries): boolean {
  return labels.some(([name, value]) => statusLabels.has(name) && /^5(\d\d|xx)$/i.test(value));
}
