import type { NativeHistogram } from '../model/family';
import { mergedNative } from '../model/native-histogram';
import { nativeQuantile } from './native-quantile';
import { bucketQuantile } from './quantile';
import type { RecordedFamily, RecordedSeries } from './recorded-series';
import type { Recording } from './recording';

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

type Families = Pick<Recording, 'families'>;

/** The histogram of the durations of requests; undefined where the group has none. */
export function durationsOf({ families }: Families): RecordedFamily | undefined {
  return [...families.values()].find(({ name, type }) => durations.test(name) && type === 'histogram');
}

/** The family that counts requests. */
export function requestsFamilyOf(recording: Families): RecordedFamily | undefined {
  return [...recording.families.values()].find(({ name }) => counters.test(name)) ?? durationsOf(recording);
}

/** Undefined where the group has no such family. */
export function requestsOf(recording: Families, length: number): RequestNumbers | undefined {
  const all = [...recording.families.values()];
  const duration = durationsOf(recording);
  const counted = requestsFamilyOf(recording);
  if (counted === undefined) return undefined;
  const rate = sum(counted.series, (series) => series.rate);
  const errors = sum(counted.series.filter(isError), (series) => series.rate);
  const gauge = all.find(({ name }) => inProgress.test(name));
  return {
    rate,
    errorRatio: rate > 0 ? errors / rate : 0,
    p99: duration && familyQuantiles(duration, [0.99])[0],
    inProgress: gauge && sum(gauge.series, ({ value }) => value),
    rates: counted.history.slice(-length),
  };
}

/** Of the observations of all series of a family in the interval; undefined without any. */
export function familyQuantiles(
  family: RecordedFamily,
  quantiles: readonly number[],
): (number | undefined)[] {
  if (family.type !== 'histogram') return [];
  const buckets = new Array<number>(family.bounds.length + 1).fill(0);
  const natives: NativeHistogram[] = [];
  for (const series of family.series) {
    if (series.rate === 0) continue;
    const { native } = series;
    if (native !== undefined) natives.push(native);
    series.addBuckets(buckets);
  }
  const all = mergedNative(natives);
  return quantiles.map((quantile) =>
    all === undefined ? bucketQuantile(family.bounds, buckets, quantile) : nativeQuantile(all, quantile),
  );
}

export function sum(series: readonly RecordedSeries[], of: (one: RecordedSeries) => number): number {
  return series.reduce((total, one) => total + of(one), 0);
}

function isError({ labels }: RecordedSeries): boolean {
  return labels.some(([name, value]) => statusLabels.has(name) && /^5(\d\d|xx)$/i.test(value));
}
