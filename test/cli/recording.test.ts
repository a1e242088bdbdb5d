import { describe, expect, test } from 'vitest';
import { bucketQuantile } from '../../src/views/quantile';
import { type RecordedFamily, Recording } from '../../src/views/recording';
import { familyQuantile } from '../../src/views/requests';

const counter = (value: number, labels: object[] = []): string =>
  `${JSON.stringify({ name: 'c_total', help: '', type: 'counter', mode: 'sum', bounds: [] })},\n` +
  `${JSON.stringify({ labels, defaults: [], values: [value] })},\n`;

function recordingOf(frames: readonly string[]): Recording {
  const recording = new Recording();
  for (const [i, frame] of frames.entries()) recording.add(frame, i * 2000);
  return recording;
}

describe('a recording', () => {
  test('has the rate of the last interval, and 0 for a counter that rests', () => {
    const series = (frames: readonly string[]) => {
      const recording = recordingOf(frames);
      return recording.families.get('c_total')?.series[0]?.rateAt(recording.frame);
    };

    expect(series([counter(5)])).toBe(0);
    expect(series([counter(5), counter(25)])).toBe(10);
    expect(series([counter(5), counter(25), counter(25)])).toBe(0);
  });

  test('shows a fall as a reset, and never a negative rate', () => {
    const recording = recordingOf([counter(50), counter(6)]);
    const series = recording.families.get('c_total')?.series[0];

    expect(series?.resetAt).toBe(1);
    expect(series?.rateAt(1)).toBe(3);
  });

  test('follows series when others come and go', () => {
    const a = [['k', 'string', 'a']];
    const b = [['k', 'string', 'b']];
    const frame = (...series: [object, number][]): string =>
      counter(0).split('\n')[0] +
      '\n' +
      series
        .map(([labels, value]) => `${JSON.stringify({ labels, defaults: [], values: [value] })},\n`)
        .join('');
    const recording = recordingOf([frame([a, 1]), frame([b, 10], [a, 3]), frame([b, 20])]);
    const [only, ...more] = recording.families.get('c_total')?.series ?? [];

    expect(more).toEqual([]);
    expect(only?.labels).toEqual([['k', 'b']]);
    expect(only?.rateAt(2)).toBe(5);
    expect(only?.history(2, 3)).toEqual([0, 5, 5]);
  });

  test('has the quantiles of the last interval from exponential buckets, also after their resolution was halved', () => {
    const head = JSON.stringify({ name: 'h', help: '', type: 'histogram', mode: 'sum', bounds: [] });
    const frame = (count: number, schema: number, positive: [number, number][]): string => {
      const native = { schema, zeroThreshold: 1e-9, zeroCount: 0, positive, negative: [] };
      return `${head},\n${JSON.stringify({ labels: [], defaults: [], values: [count, count], native })},\n`;
    };
    const recording = recordingOf([
      frame(100, 1, [[3, 100]]), // (2, 2.83]
      frame(102, 0, [
        [2, 100], // (2, 4]
        [4, 2], // (8, 16]
      ]),
    ]);
    const family = recording.families.get('h') as RecordedFamily;

    expect(family.series[0]?.quantileAt(1, 0.5)).toBeCloseTo(8 * Math.SQRT2);
    expect(familyQuantile(family, 1, 0.5)).toBeCloseTo(8 * Math.SQRT2);
  });

  test('takes time in proportion to the series, also when all of them are new or have moved', () => {
    const head = counter(0).split('\n')[0];
    const frameOf = (first: number, count: number): string => {
      const lines = Array.from({ length: count }, (_, i) =>
        JSON.stringify({ labels: [['id', 'string', `${first + i}`]], defaults: [], values: [i] }),
      );
      return `${[head?.slice(0, -1), ...lines].join(',\n')},\n`;
    };
    const milliseconds = (count: number): number => {
      const frames = [frameOf(0, count), frameOf(count / 2, count)];
      const times = [1, 2, 3].map(() => {
        const start = performance.now();
        const series = recordingOf(frames).families.get('c_total')?.series;
        expect(series).toHaveLength(count);
        return performance.now() - start;
      });
      return Math.min(...times);
    };
    milliseconds(2000); // warms up

    expect(milliseconds(40_000)).toBeLessThan(60 * milliseconds(2000));
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
