import { diag } from '@opentelemetry/api';
import {
  AggregationTemporality,
  AggregationType,
  DataPointType,
  type ExponentialHistogram,
  InMemoryMetricExporter,
  PeriodicExportingMetricReader,
  MeterProvider as SdkMeterProvider,
} from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Registry } from '../../src/index';
import { coarserKey } from '../../src/model/exponential-buckets';
import type { NativeBucket, NativeHistogram } from '../../src/model/family';
import { MeterProvider, type MeterProviderOptions } from '../../src/opentelemetry';
import { valuesOf } from '../multiprocess/support/exposition';

const variable = 'OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION';
const warnings: string[] = [];

beforeEach(() => {
  warnings.length = 0;
  const log = (message: string): number => warnings.push(message);
  const silent = (): undefined => undefined;
  diag.setLogger({ warn: log, error: log, info: silent, debug: silent, verbose: silent });
});

afterEach(() => {
  vi.unstubAllEnvs();
  diag.disable();
});

function providerOf(options: MeterProviderOptions) {
  const register = new Registry(undefined, { shared: false });
  const provider = new MeterProvider({ register, resource: false, scopeLabels: false, ...options });
  const values = async (): Promise<Record<string, number>> =>
    Object.fromEntries(valuesOf(await register.metrics()));
  /** The exponential buckets of the first family, by its labels. */
  const natives = async (): Promise<Map<string, NativeHistogram>> => {
    const [family] = await register.getMetricsAsJSON();
    const samples = (family?.values ?? []) as { labels: object; native?: NativeHistogram }[];
    return new Map(
      samples.flatMap(({ labels, native }) => (native ? [[JSON.stringify(labels), native] as const] : [])),
    );
  };
  return { provider, register, meter: provider.getMeter('m'), values, natives };
}

/** What the SDK makes of the values. */
async function ofSdk(values: readonly number[], maxSize: number): Promise<ExponentialHistogram> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e8 });
  const aggregation = { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize } } as const;
  const provider = new SdkMeterProvider({ readers: [reader], views: [{ instrumentName: '*', aggregation }] });
  const histogram = provider.getMeter('m').createHistogram('h');
  for (const value of values) histogram.record(value);
  const { resourceMetrics } = await reader.collect();
  await provider.shutdown();
  const metric = resourceMetrics.scopeMetrics[0]?.metrics[0];
  if (metric?.dataPointType !== DataPointType.EXPONENTIAL_HISTOGRAM) throw new Error('no such histogram');
  return metric.dataPoints[0]?.value as ExponentialHistogram;
}

/** Buckets at a coarser schema. OpenTelemetry counts a bucket by its lower bound, Prometheus by its upper one. */
function coarse(buckets: readonly NativeBucket[], steps: number): [number, number][] {
  const counts = new Map<number, number>();
  for (const [key, count] of buckets) {
    if (count === 0) continue;
    const merged = coarserKey(key, steps);
    counts.set(merged, (counts.get(merged) ?? 0) + count);
  }
  return [...counts].sort(([a], [b]) => a - b);
}

test('any values have the buckets of the SDK, at the coarser of the two resolutions', async () => {
  const value = fc.oneof(
    fc.double({ min: 0, max: 10, noNaN: true }),
    fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(0, 1, 2, 4, 0.5, 1024),
  );
  const property = fc.asyncProperty(
    fc.array(value, { minLength: 1, maxLength: 60 }),
    fc.constantFrom(160, 20, 4),
    async (values, maxBuckets) => {
      const { meter, natives } = providerOf({ views: [{ histogram: 'exponential', maxBuckets }] });
      const histogram = meter.createHistogram('h');
      for (const one of values) histogram.record(one);
      const own = (await natives()).get('{}') as NativeHistogram;
      const sdk = await ofSdk(values, maxBuckets);

      const schema = Math.min(own.schema, sdk.scale);
      const { offset, bucketCounts } = sdk.positive;
      const expected = bucketCounts.map((count, i): NativeBucket => [offset + i + 1, count]);
      // Tiny values are in our zero bucket, as in that of every client of Prometheus.
      const tiny = values.filter((one) => one > 0 && one <= own.zeroThreshold).length;
      expect(own.zeroCount).toBe(sdk.zeroCount + tiny);
      if (tiny > 0) return;
      expect(coarse(own.positive, own.schema - schema)).toEqual(coarse(expected, sdk.scale - schema));
    },
  );
  await fc.assert(property, { numRuns: 300 });
});

test('the environment makes all histograms exponential, a view one of them explicit, and `both` keeps the boundaries', async () => {
  vi.stubEnv(variable, 'BASE2_EXPONENTIAL_BUCKET_HISTOGRAM');
  const { meter, values } = providerOf({
    views: [
      { instrument: 'plain', histogram: 'explicit', buckets: [1] },
      { instrument: 'two', histogram: 'both', buckets: [1] },
    ],
  });
  for (const name of ['all', 'plain', 'two']) meter.createHistogram(name).record(0.5);
  const bucketsOf = async (name: string): Promise<string[]> =>
    Object.keys(await values()).filter((key) => key.startsWith(`${name}_bucket`));

  expect(await bucketsOf('all')).toEqual(['all_bucket{le="+Inf"}']);
  expect(await bucketsOf('plain')).toEqual(['plain_bucket{le="1"}', 'plain_bucket{le="+Inf"}']);
  expect(await bucketsOf('two')).toEqual(['two_bucket{le="1"}', 'two_bucket{le="+Inf"}']);
});

test('an option counts over the environment, and other values of that are explicit', async () => {
  for (const [named, histograms] of [
    ['base2_exponential_bucket_histogram', 'explicit'],
    ['explicit_bucket_histogram', undefined],
  ] as const) {
    vi.stubEnv(variable, named);
    const { meter, natives, values } = providerOf({ histograms });
    meter.createHistogram('h').record(3);
    expect(await natives()).toEqual(new Map());
    expect(await values()).toMatchObject({ 'h_bucket{le="5"}': 1, 'h_count{}': 1 });
  }
});

test('attribute sets with other keys, bound instruments and meters of one name count in one family', async () => {
  const { provider, meter, natives, values } = providerOf({ histograms: 'exponential' });
  const histogram = meter.createHistogram('h');
  histogram.record(1, { a: 'x' });
  histogram.record(2, { b: 'y' });
  histogram.bind({ a: 'x' }).record(4);
  provider.getMeter('other').createHistogram('h').record(8, { a: 'x' });

  const found = await natives();
  expect(found.get('{"a":"x"}')?.positive.map(([, count]) => count)).toEqual([1, 1, 1]);
  expect(found.get('{"b":"y"}')?.positive).toHaveLength(1);
  expect(await values()).toMatchObject({ 'h_count{a="x"}': 3, 'h_sum{a="x"}': 13, 'h_count{b="y"}': 1 });
  expect(warnings).toEqual([]);
});

test('Infinity is dropped with a message, because no exponential bucket holds it', async () => {
  const { meter, values } = providerOf({ histograms: 'exponential' });
  const histogram = meter.createHistogram('h');
  histogram.record(Number.POSITIVE_INFINITY);
  histogram.record(1);

  expect(warnings).toEqual([
    expect.stringContaining('expected a finite number for HISTOGRAM "h", but got Infinity'),
  ]);
  expect(await values()).toMatchObject({ 'h_count{}': 1, 'h_sum{}': 1 });
});

test('the first histogram of a name decides on its buckets, with a message to others', async () => {
  const { provider, meter, natives } = providerOf({ views: [{ meter: 'm', histogram: 'exponential' }] });
  meter.createHistogram('h').record(1);
  provider
    .getMeter('other')
    .createHistogram('h', { advice: { explicitBucketBoundaries: [3] } })
    .record(1);

  expect(warnings).toEqual([
    expect.stringContaining(
      'at most 160 exponential ones, but got with the boundaries 3: the first are used',
    ),
  ]);
  expect((await natives()).get('{}')?.positive).toEqual([[0, 2]]);
});

test('a scraper that knows native histograms gets the exponential buckets', async () => {
  const { meter, register } = providerOf({ histograms: 'exponential' });
  meter.createHistogram('h').record(0.25);
  const exposition = async (accept: string): Promise<Buffer> =>
    (await register.exposition({ accept, openMetrics: true, compress: false })).body;
  const openMetrics = await exposition('application/openmetrics-text; version=2.0.0');
  const protobuf = await exposition(
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited',
  );

  expect(openMetrics.toString()).toMatch(
    /^h \{count:1,sum:0.25,schema:8,.*positive_spans:\[-512:1\],positive_buckets:\[1\]\}/m,
  );
  // Field 5 of a histogram, its schema, is 8 as a zigzag number.
  expect(protobuf.includes(Buffer.from([0x28, 16]))).toBe(true);
});
