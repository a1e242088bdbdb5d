import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Gauge, Histogram, Summary } from '../../src/index';

const config = { name: 'm', help: 'h', labelNames: ['a', 'b'], registers: [] };

// What a timer has left behind: the labels of the series and the seconds.
const kinds = {
  gauge: () => new Gauge(config),
  histogram: () => new Histogram({ ...config, buckets: [] }),
  summary: () => new Summary({ ...config, percentiles: [] }),
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['hrtime', 'Date', 'setTimeout'] });
  vi.advanceTimersByTime(100);
});

afterEach(() => {
  vi.useRealTimers();
});

describe.each(Object.keys(kinds) as (keyof typeof kinds)[])('the timer of a %s', (kind) => {
  const recorded = async (metric: Gauge | Histogram | Summary): Promise<unknown> => {
    const values: { labels: object; value: number; metricName?: string }[] = (await metric.get()).values;
    const found = values.filter(({ metricName }) => metricName === undefined || metricName === 'm_sum');
    return found.map(({ labels, value }) => [labels, value]);
  };

  test('records the seconds from its start to its end, and returns them', async () => {
    const metric = kinds[kind]();
    const end = metric.startTimer({ a: 'x' });
    vi.advanceTimersByTime(1250);

    expect(end({ b: 'y' })).toBe(1.25);
    expect(await recorded(metric)).toEqual([[{ a: 'x', b: 'y' }, 1.25]]);
  });

  test('reads its labels at the end, and changes none of them', async () => {
    const metric = kinds[kind]();
    const labels: Record<string, string> = { a: 'x' };
    const endLabels = { b: 'y' };
    const end = metric.startTimer(labels);
    labels['a'] = 'later';
    end(endLabels);

    expect(await recorded(metric)).toEqual([[{ a: 'later', b: 'y' }, 0]]);
    expect([labels, endLabels]).toEqual([{ a: 'later' }, { b: 'y' }]);
  });

  test('works on a kept child, whose labels the end may add to', async () => {
    const metric = kinds[kind]();
    const child = metric.labels({ a: 'x' });
    const [first, second] = [child.startTimer(), child.startTimer()];
    vi.advanceTimersByTime(500);

    expect(first()).toBe(0.5);
    expect(second({ b: 'y' })).toBe(0.5);
    expect(await recorded(metric)).toEqual([
      [{ a: 'x' }, 0.5],
      [{ a: 'x', b: 'y' }, 0.5],
    ]);
  });

  test('needs no labels', () => {
    const end = kinds[kind]().startTimer();
    vi.advanceTimersByTime(10);

    expect(end()).toBe(0.01);
  });

  test('refuses unknown labels at its end', () => {
    const end = kinds[kind]().startTimer({ z: 1 } as Record<string, number>);

    expect(() => end()).toThrow('Added label "z"');
  });
});

test('a timer goes through the method of its metric, where it can be watched', () => {
  const histogram = new Histogram(config);
  const observe = vi.spyOn(histogram, 'observe').mockImplementation(() => undefined);
  const end = histogram.startTimer({ a: 'x' });
  vi.advanceTimersByTime(2000);
  end();

  expect(observe).toHaveBeenCalledWith({ a: 'x' }, 2);
});
