import fc from 'fast-check';
import {
  Counter,
  Gauge,
  type GroupRegistry,
  Histogram,
  type openMetricsContentType,
  Summary,
} from '../../src/index';

export type AnyRegistry = GroupRegistry<typeof openMetricsContentType>;

/** A metric of any type, with some series. */
export interface RandomMetric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly help: string;
  /** A label set for each series; none for a metric without labels. */
  readonly labels: readonly Readonly<Record<'a' | 'b', string>>[];
  readonly values: readonly number[];
  readonly bounds: readonly number[];
  /** Of a native histogram; null for a classic one. */
  readonly factor: number | null;
  readonly unit: string | undefined;
  readonly exemplar: string | null;
}

// A sum of -0 alone is 0 in the addon.
const value = fc
  .oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }),
    fc.integer({ min: 0, max: 20 }),
  )
  .map((number) => number + 0);

const metric: fc.Arbitrary<RandomMetric> = fc.record({
  name: fc.stringMatching(/^[a-c]{1,2}(_seconds)?(_total|_sum|_created|_info)?$/),
  type: fc.constantFrom('counter', 'gauge', 'histogram', 'summary'),
  help: fc.string({ unit: 'grapheme' }).map((text) => text || 'h'),
  labels: fc.uniqueArray(
    fc.record({ a: fc.string({ unit: 'grapheme' }), b: fc.constantFrom('', 'x', '"\\\n') }),
    { maxLength: 3, selector: ({ a, b }) => `${a}\0${b}` },
  ),
  values: fc.array(value, { maxLength: 6 }),
  bounds: fc.uniqueArray(fc.oneof(fc.integer({ min: -2, max: 1e7 }), fc.constantFrom(0.00001, 0.5, 2.5e6)), {
    minLength: 1,
    maxLength: 4,
  }),
  factor: fc.constantFrom(null, 1.003, 1.1, 65536),
  unit: fc.constantFrom(undefined, 'seconds'),
  exemplar: fc.option(fc.string({ unit: 'grapheme', maxLength: 200 })),
});

/** Metrics of different names. */
export const randomMetrics: fc.Arbitrary<RandomMetric[]> = fc.uniqueArray(metric, {
  maxLength: 5,
  selector: ({ name }) => name,
});

/** Adds the metrics to the registry, and counts all values in each series. Sums of numbers that are too large are left out. */
export function fill(registry: AnyRegistry, metrics: readonly RandomMetric[]): void {
  for (const one of metrics) addMetric(registry, one);
}

function addMetric(registry: AnyRegistry, one: RandomMetric): void {
  const { name, type, help, labels, unit, exemplar, factor } = one;
  const labelNames = labels.length === 0 ? [] : ['a', 'b'];
  const config = { name, help, labelNames, unit, registers: [registry], enableExemplars: exemplar !== null };
  // The sum of all would be infinite.
  const values = one.values.filter((number) => Math.abs(number) < 1e300);
  const exemplarLabels = { trace_id: exemplar ?? '' };
  const all = labels.length === 0 ? [{}] : labels;
  const write = (count: (labels: object, number: number) => void): void => {
    for (const set of all) {
      for (const number of values) {
        try {
          count(set, number);
        } catch (error) {
          // The labels of an exemplar may be too long; the number counts all the same.
          if (!(error instanceof RangeError)) throw error;
        }
      }
    }
  };
  if (type === 'counter') {
    const counter = new Counter(config);
    write((set, number) =>
      exemplar === null
        ? counter.inc(set, Math.abs(number))
        : counter.inc({ labels: set, value: Math.abs(number), exemplarLabels }),
    );
  } else if (type === 'gauge') {
    const gauge = new Gauge(config);
    write((set, number) => gauge.set(set, number));
  } else if (type === 'histogram') {
    const buckets = [...one.bounds].sort((a, b) => a - b);
    const native = factor === null ? {} : { nativeHistogramBucketFactor: factor };
    const histogram = new Histogram({ ...config, buckets, ...native });
    write((set, number) =>
      exemplar === null
        ? histogram.observe(set, number)
        : histogram.observe({ labels: set, value: number, exemplarLabels }),
    );
  } else {
    const summary = new Summary({ ...config, percentiles: [0.5, 0.99] });
    write((set, number) => summary.observe(set, number));
  }
}
