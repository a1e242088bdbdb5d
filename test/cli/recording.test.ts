import { describe, expect, test } from 'vitest';
import type { NativeHistogram } from '../../src/model/family';
import type { Frame } from '../../src/views/frame';
import { bucketQuantile } from '../../src/views/quantile';
import type { RecordedFamily } from '../../src/views/recorded-series';
import { Recording } from '../../src/views/recording';
import { familyQuantiles } from '../../src/views/requests';

type Labels = readonly (readonly [string, string, string])[];
const head = JSON.stringify({ name: 'c_total', help: '', type: 'counter', mode: 'sum', bounds: [] });
const lineOf = (labels: Labels): string => JSON.stringify({ labels, defaults: [] });

/** A counter with a value for each label set. */
function counters(...series: [labels: Labels, value: number][]): Frame {
  const lines = [head, ...series.map(([labels]) => lineOf(labels))];
  return {
    layout: 1,
    lines,
    values: Float64Array.from(series, ([, value]) => value),
    native: () => undefined,
  };
}

const counter = (value: number): Frame => counters([[], value]);

function recordingOf(frames: readonly Frame[]): Recording {
  const recording = new Recording();
  for (const [i, frame] of frames.entries()) recording.add(frame, i * 2000);
  return recording;
}

describe('a recording', () => {
  test('has the rate of the last interval, and 0 for a counter that rests', () => {
    const rate = (frames: readonly Frame[]) => recordingOf(frames).families.get('c_total')?.series[0]?.rate;

    expect(rate([counter(5)])).toBe(0);
    expect(rate([counter(5), counter(25)])).toBe(10);
    expect(rate([counter(5), counter(25), counter(25)])).toBe(0);
  });

  test('takes the series of the frame before where a frame has no lines', () => {
    const recording = recordingOf([counter(5), { ...counter(25), lines: undefined }]);
    const series = recording.families.get('c_total')?.series[0];

    expect(series?.value).toBe(25);
    expect(series?.rate).toBe(10);
  });

  test('shows a fall as a reset, and never a negative rate', () => {
    const recording = recordingOf([counter(50), counter(6)]);
    const series = recording.families.get('c_total')?.series[0];

    expect(series?.isReset).toBe(true);
    expect(series?.rate).toBe(3);
    recording.add(counter(8), 4000);
    expect(series?.isReset).toBe(false);
    expect(series?.rate).toBe(1);
  });

  test('follows series when others come and go', () => {
    const a: Labels = [['k', 'string', 'a']];
    const b: Labels = [['k', 'string', 'b']];
    const recording = recordingOf([counters([a, 1]), counters([b, 10], [a, 3]), counters([b, 20])]);
    const [only, ...more] = recording.families.get('c_total')?.series ?? [];

    expect(more).toEqual([]);
    expect(only?.labels).toEqual([['k', 'b']]);
    expect(only?.rate).toBe(5);
    expect(only?.history(3)).toEqual([0, 5, 5]);
    expect(recording.families.get('c_total')?.history).toEqual([0, 6, 5]);
  });

  test('knows a series whose labels come in another order', () => {
    const labels: Labels = [
      ['a', 'string', '1'],
      ['b', 'number', '2'],
    ];
    const recording = recordingOf([counters([labels, 100]), counters([[...labels].reverse(), 104])]);

    expect(recording.families.get('c_total')?.series[0]?.rate).toBe(2);
  });

  test('has the quantiles of the last interval from exponential buckets, also after their resolution was halved and a series before them came', () => {
    const histogram = JSON.stringify({ name: 'h', help: '', type: 'histogram', mode: 'sum', bounds: [] });
    const frame = (before: number, schema: number, positive: [number, number][], count: number): Frame => {
      const native: NativeHistogram = { schema, zeroThreshold: 1e-9, zeroCount: 0, positive, negative: [] };
      const others = Array.from({ length: before }, (_, i) => lineOf([['i', 'string', `${i}`]]));
      return {
        layout: 1,
        lines: [head, ...others, histogram, lineOf([])],
        values: Float64Array.from([...others.map(() => 7), count, count]),
        native: (position) => (position === before ? native : undefined),
      };
    };
    const recording = recordingOf([
      frame(0, 1, [[3, 100]], 100), // (2, 2.83]
      frame(
        2,
        0,
        [
          [2, 100], // (2, 4]
          [4, 2], // (8, 16]
        ],
        102,
      ),
    ]);
    const family = recording.families.get('h') as RecordedFamily;

    expect(family.series[0]?.quantile(0.5)).toBeCloseTo(8 * Math.SQRT2);
    expect(familyQuantiles(family, [0.5])[0]).toBeCloseTo(8 * Math.SQRT2);
  });

  test('takes time in proportion to the series, also when all of them are new or have moved', () => {
    const frameOf = (first: number, count: number): Frame =>
      counters(
        ...Array.from({ length: count }, (_, i): [Labels, number] => [[['id', 'string', `${first + i}`]], i]),
      );
    /** Of the processor: the machine may be busy. */
    const microseconds = (count: number): number => {
      const frames = [frameOf(0, count), frameOf(count / 2, count)];
      const times = [1, 2, 3].map(() => {
        const start = process.cpuUsage();
        const series = recordingOf(frames).families.get('c_total')?.series;
        expect(series).toHaveLength(count);
        return process.cpuUsage(start).user;
      });
      return Math.min(...times);
    };
    microseconds(2000); // warms up

    // Were it in proportion to the square, it would be 400 times.
    expect(microseconds(40_000)).toBeLessThan(100 * microseconds(2000));
  });
});

test.each([
  [[0, 0, 0], 0.5, undefined],
  [[10, 10, 10], 0.5, 0.5],
  [[0, 10, 10], 0.5, 1.5],
  [[0, 0, 10], 0.5, Infinity],
  [[4, 8, 8], 0.99, 1.98],
])('the quantile of buckets %j at %d is %d', (cumulative, quantile, expected) => {
  const found = bucketQuantile([1, 2], cumulative, quantile);
  if (expected === undefined || expected === Infinity) expect(found).toBe(expected);
  else expect(found).toBeCloseTo(expected, 10);
});
