import * as judge from 'prom-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  Counter,
  Gauge,
  Histogram,
  type IncreaseDataWithExemplar,
  type ObserveDataWithExemplar,
  openMetricsContentType,
  Registry,
  Summary,
} from '../../src/index';
import { currentStore } from '../../src/store/current';
import { exemplarCells } from '../../src/store/store';

const now = 1_700_000_000.25;
const config = { name: 'm', help: 'h', labelNames: ['a'], registers: [], enableExemplars: true };
const counter = (): Counter => new Counter(config);
const histogram = (): Histogram => new Histogram({ ...config, buckets: [1, 5] });

/** The exemplars of a metric by what distinguishes their lines. */
async function exemplarsOf(metric: Counter | Histogram): Promise<[unknown, unknown][]> {
  const { values } = await metric.get();
  return values
    .map(({ labels, ...sample }): [unknown, unknown] => [
      (labels as Record<string, unknown>)['le'] ?? (labels as Record<string, unknown>)['a'],
      'exemplar' in sample ? sample.exemplar : 'absent',
    ])
    .filter(([, exemplar]) => exemplar !== null && exemplar !== undefined && exemplar !== 'absent');
}

async function countsOf(metric: Counter | Histogram): Promise<[unknown, number][]> {
  const values: judge.MetricValueWithName<string>[] = (await metric.get()).values;
  return values
    .filter(({ metricName }) => metricName === undefined || metricName === 'm_count')
    .map(({ labels, value }) => [labels['a'], value]);
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'hrtime', 'setTimeout'], now: now * 1000 });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the exemplar of a counter', () => {
  test('has the labels, the amount and the time of the last increment that gave labels', async () => {
    const metric = counter();
    metric.inc({ labels: { a: 'x' }, value: 2, exemplarLabels: { traceId: 't1', n: 7 } });
    metric.inc({ labels: { a: 'x' }, value: 3 });
    vi.advanceTimersByTime(1000);
    metric.inc({ labels: { a: 'y' }, exemplarLabels: { traceId: 't2' } });

    expect((await metric.get()).values).toEqual([
      {
        value: 5,
        labels: { a: 'x' },
        exemplar: { labelSet: { traceId: 't1', n: 7 }, value: 2, timestamp: now },
      },
      {
        value: 1,
        labels: { a: 'y' },
        exemplar: { labelSet: { traceId: 't2' }, value: 1, timestamp: now + 1 },
      },
    ]);
  });

  test.each<[unknown, number]>([
    [undefined, 1],
    [null, 1],
    [0, 1],
    [Number.NaN, 1],
    [0.5, 0.5],
  ])('has, after an increment by %s, the value %d', async (value, expected) => {
    const metric = counter();
    metric.inc({ value, exemplarLabels: { t: '1' } } as IncreaseDataWithExemplar<string>);

    expect(await exemplarsOf(metric)).toEqual([
      [undefined, { labelSet: { t: '1' }, value: expected, timestamp: now }],
    ]);
  });

  test('may have no labels', async () => {
    const metric = counter();
    metric.inc({ exemplarLabels: { t: '1' } });
    metric.inc({ exemplarLabels: {} });

    expect(await exemplarsOf(metric)).toEqual([[undefined, { labelSet: {}, value: 1, timestamp: now }]]);
  });

  test('goes with a reset', async () => {
    const metric = new Counter({ ...config, labelNames: [] });
    metric.inc({ exemplarLabels: { t: '1' } });
    metric.reset();
    expect((await metric.get()).values).toEqual([{ value: 0, labels: {} }]);

    metric.inc({ exemplarLabels: { t: '2' } });
    expect(await exemplarsOf(metric)).toEqual([
      [undefined, { labelSet: { t: '2' }, value: 1, timestamp: now }],
    ]);
  });
});

describe('the exemplars of a histogram', () => {
  test('are one for each bucket', async () => {
    const metric = histogram();
    metric.observe({ value: 0.5, exemplarLabels: { t: 'low' } });
    metric.observe({ value: 0.7 });
    metric.observe({ value: 4, exemplarLabels: { t: 'old' } });
    metric.observe({ value: 5, exemplarLabels: { t: 'mid' } });
    metric.observe({ value: 9, exemplarLabels: { t: 'high' } });
    metric.observe({ value: 0.6, exemplarLabels: {} });

    expect(await exemplarsOf(metric)).toEqual([
      [1, { labelSet: { t: 'low' }, value: 0.5, timestamp: now }],
      [5, { labelSet: { t: 'mid' }, value: 5, timestamp: now }],
      ['+Inf', { labelSet: { t: 'high' }, value: 9, timestamp: now }],
    ]);
  });

  test.each([true, false])(
    'are null, undefined or absent where they are in prom-client: enabled %s',
    async (enableExemplars) => {
      const options = { ...config, buckets: [1], enableExemplars };
      const mine = new Histogram({ ...options, labelNames: [] });
      const theirs = new judge.Histogram({ ...options, buckets: [1], labelNames: [] });
      const placesOf = async (metric: { get(): Promise<{ values: object[] }> }): Promise<unknown[]> =>
        (await metric.get()).values.map((value) => [
          'exemplar' in value,
          (value as { exemplar?: unknown }).exemplar,
        ]);

      expect(await placesOf(mine)).toStrictEqual(await placesOf(theirs));
    },
  );

  test('go with zero() and with reset()', async () => {
    const metric = histogram();
    metric.observe({ labels: { a: 'x' }, value: 1, exemplarLabels: { t: '1' } });
    metric.zero({ a: 'x' });
    expect(await exemplarsOf(metric)).toEqual([]);

    metric.observe({ labels: { a: 'x' }, value: 1, exemplarLabels: { t: '2' } });
    metric.reset();
    metric.observe({ labels: { a: 'x' }, value: 1 });
    expect(await exemplarsOf(metric)).toEqual([]);
  });

  test('come from timers, with the labels of start and end', async () => {
    const metric = histogram();
    const [first, second] = [metric.startTimer({ a: 'x' }, { t: '1', s: '1' }), metric.startTimer()];
    vi.advanceTimersByTime(500);

    expect([first(undefined, { t: '2' }), second({ a: 'x' })]).toEqual([0.5, 0.5]);
    expect(await countsOf(metric)).toEqual([['x', 2]]);
    expect(await exemplarsOf(metric)).toEqual([
      [1, { labelSet: { t: '2', s: '1' }, value: 0.5, timestamp: now + 0.5 }],
    ]);
  });
});

describe('the labels of an exemplar', () => {
  const refusal = expect.objectContaining({
    name: 'RangeError',
    code: 'ERR_EXEMPLAR_SIZE',
    message: 'Label set size must be smaller than 128 UTF-8 chars',
  });

  test('have up to 128 characters; with more, what was to be counted is, and the exemplar stays', async () => {
    const metric = counter();
    const longest = { t: '\u20ac'.repeat(127) };
    metric.inc({ exemplarLabels: longest });

    expect(() => metric.inc({ exemplarLabels: { t: 'x'.repeat(128) } })).toThrow(refusal);
    expect(await countsOf(metric)).toEqual([[undefined, 2]]);
    expect(await exemplarsOf(metric)).toEqual([[undefined, { labelSet: longest, value: 1, timestamp: now }]]);
  });

  test('have room for 512 bytes, with 4 for each label', () => {
    const many = (labels: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: labels }, (_, i) => [String.fromCharCode(0x20ac + i), '']));

    // 7 bytes each.
    expect(() => counter().inc({ exemplarLabels: many(73) })).not.toThrow();
    expect(() => counter().inc({ exemplarLabels: many(74) })).toThrow(refusal);
  });

  test('are copied', async () => {
    const metric = counter();
    const exemplarLabels = { t: '1' };
    metric.inc({ exemplarLabels });
    exemplarLabels.t = '2';

    expect(await exemplarsOf(metric)).toMatchObject([[undefined, { labelSet: { t: '1' } }]]);
  });

  test('may be made by code that counts here, too', async () => {
    const [metric, other] = [counter(), counter()];
    const value = {
      toString() {
        other.inc({ exemplarLabels: { other: 'y'.repeat(100) } });
        return 'x';
      },
    };
    const registry = new Registry(openMetricsContentType);
    registry.registerMetric(metric);
    metric.inc({ exemplarLabels: { t: value as never } });

    expect(await registry.metrics()).toContain('m_total 1 # {t="x"} 1 1700000000.25\n');
  });
});

describe('with exemplars, the other ways to count', () => {
  test('do what they do without', async () => {
    const metric = counter();
    metric.inc();
    metric.inc(2);
    metric.inc({});
    metric.inc({ a: 'x' });
    metric.inc({ a: 'x' }, 3);
    metric.labels('x').inc();
    metric.labels({ a: 'x' }).inc(5);

    expect(await countsOf(metric)).toEqual([
      [undefined, 4],
      ['x', 10],
    ]);
    expect(() => metric.inc({ b: 'x' })).toThrow(expect.objectContaining({ code: 'ERR_LABEL_UNKNOWN' }));
    expect(() => metric.inc(-1)).toThrow(expect.objectContaining({ code: 'ERR_COUNTER_DECREASE' }));
  });

  test('do so for histograms', async () => {
    const metric = histogram();
    metric.observe(1);
    metric.observe({ a: 'x' }, 3);
    metric.labels('x').observe(5);
    metric.labels('x').startTimer()();

    expect(await countsOf(metric)).toEqual([
      [undefined, 1],
      ['x', 3],
    ]);
    expect(() => metric.observe({ a: 'x' } as never)).toThrow(
      expect.objectContaining({ code: 'ERR_NOT_A_NUMBER' }),
    );
  });

  test('take exemplars on children', async () => {
    const requests = counter();
    requests.labels('x').inc({ exemplarLabels: { t: '1' } });
    const sizes = histogram();
    sizes.labels('x').observe({ value: 1, exemplarLabels: { t: '2' } });
    sizes.labels('x').startTimer()({ a: 'y' }, { t: '3' });

    expect(await exemplarsOf(requests)).toMatchObject([['x', { labelSet: { t: '1' }, value: 1 }]]);
    expect(await exemplarsOf(sizes)).toMatchObject([
      [1, { labelSet: { t: '2' }, value: 1 }],
      [1, { labelSet: { t: '3' }, value: 0 }],
    ]);
  });

  test('take no labels for null, and no exemplar', async () => {
    const metric = counter();
    metric.inc({ labels: null, value: 5, exemplarLabels: null } as never);
    const sizes = histogram();
    sizes.observe({
      labels: null,
      value: 5,
      exemplarLabels: null,
    } as unknown as ObserveDataWithExemplar<'a'>);

    expect([await countsOf(metric), await countsOf(sizes)]).toEqual([[[undefined, 5]], [[undefined, 1]]]);
    expect([await exemplarsOf(metric), await exemplarsOf(sizes)]).toEqual([[], []]);
  });
});

test('a removed series gives back the cells of its exemplars, and comes back without any', async () => {
  const released = vi.spyOn(currentStore(), 'release');
  const metric = histogram();
  const observe = (): void => {
    metric.observe({ labels: { a: 'x' }, value: 1, exemplarLabels: { t: '1' } });
    metric.observe({ labels: { a: 'x' }, value: 9, exemplarLabels: { t: '2' } });
  };
  observe();
  metric.remove('x');

  expect(released.mock.calls.map(([, count]) => count)).toEqual([exemplarCells, exemplarCells, 5]);
  metric.observe({ a: 'x' }, 1);
  expect(await exemplarsOf(metric)).toEqual([]);
  observe();
  expect(await exemplarsOf(metric)).toHaveLength(2);
});

test('gauges and summaries accept the option where counters do, and have none', async () => {
  const registers = [new Registry(openMetricsContentType)];
  new Gauge({ ...config, name: 'g', labelNames: [], registers }).set(1);
  new Summary({ ...config, name: 's', labelNames: [], percentiles: [], registers }).observe(1);

  expect(await registers[0]?.metrics()).toBe(
    '# HELP g h\n# TYPE g gauge\ng 1\n# HELP s h\n# TYPE s summary\ns_sum 1\ns_count 1\n# EOF\n',
  );
  expect(() => new Gauge({ ...config, registers: [new Registry()] })).toThrow(
    expect.objectContaining({ code: 'ERR_EXEMPLARS_FORMAT' }),
  );
});

describe("a metric of prom-client's own", () => {
  const theirs = new judge.Registry();
  theirs.setContentType(openMetricsContentType as never);

  afterEach(() => theirs.clear());

  test('prints its exemplars here as there, in OpenMetrics only', async () => {
    const registry = new Registry(openMetricsContentType);
    const requests = new judge.Counter({ ...config, name: 'c' });
    const sizes = new judge.Histogram({ ...config, name: 'h', buckets: [1, 5] });
    for (const metric of [requests, sizes]) {
      theirs.registerMetric(metric);
      registry.registerMetric(metric as never);
    }
    requests.inc({ labels: { a: 'x' }, value: 1e21, exemplarLabels: { a: 'q"\\\n' } });
    sizes.observe({ value: 7, exemplarLabels: {} });
    sizes.observe({ value: 7, exemplarLabels: { a: 1 } });

    expect(await registry.metrics()).toBe(await theirs.metrics());
    registry.setContentType(Registry.PROMETHEUS_CONTENT_TYPE);
    expect(await registry.metrics()).not.toContain(' # ');
  });

  test('prints nothing where its first exemplar was refused', async () => {
    const registry = new Registry(openMetricsContentType);
    const metric = new judge.Counter({ ...config, name: 'c', labelNames: [] });
    registry.registerMetric(metric as never);
    expect(() => metric.inc({ exemplarLabels: { a: 'x'.repeat(128) } })).toThrow(RangeError);

    expect(await registry.metrics()).toBe('# HELP c h\n# TYPE c counter\nc_total 1\n# EOF\n');
  });
});
