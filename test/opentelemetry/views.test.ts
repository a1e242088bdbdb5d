import { diag } from '@opentelemetry/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Registry } from '../../src/index';
import { MeterProvider, type MeterProviderOptions, type View } from '../../src/opentelemetry';
import { parse, valuesOf } from '../multiprocess/support/exposition';

const warnings: string[] = [];
let registries = 0;

beforeEach(() => {
  warnings.length = 0;
  const log = (message: string): number => warnings.push(message);
  const silent = (): undefined => undefined;
  diag.setLogger({ warn: log, error: log, info: silent, debug: silent, verbose: silent });
});

afterEach(() => diag.disable());

function providerOf(options: MeterProviderOptions) {
  const register = new Registry(undefined, { name: `views ${++registries}` });
  const provider = new MeterProvider({ register, resource: false, scopeLabels: false, ...options });
  const values = async (): Promise<Record<string, number>> =>
    Object.fromEntries(valuesOf(await register.metrics()));
  return { register, provider, meter: provider.getMeter('m'), values };
}

test('the first view that fits an instrument changes its family', async () => {
  const { register, provider, meter } = providerOf({
    views: [
      { instrument: 'http.*.duration', name: 'http.took', description: 'Time', buckets: [1, 2] },
      { instrument: 'http.*', name: 'never' },
      { instrument: '?', unit: 'By', name: 'one.letter' },
      { type: 'GAUGE', meter: 'other', name: 'of.other' },
      { instrument: 'a.b', name: 'exact' },
    ],
  });
  const advice = { explicitBucketBoundaries: [9] };
  meter.createHistogram('HTTP.server.duration', { unit: 's', description: 'd', advice }).record(1);
  meter.createGauge('x', { unit: 'By' }).record(1);
  meter.createGauge('x', { unit: 's' }).record(1);
  meter.createGauge('xx', { unit: 'By' }).record(1);
  provider.getMeter('other').createGauge('g').record(1);
  provider.getMeter('other').createCounter('c').add(1);
  meter.createCounter('a.b').add(1);
  meter.createCounter('axb').add(1);
  const families = parse(await register.metrics());

  expect(families.map(({ name }) => name)).toEqual([
    'http_took_seconds',
    'one_letter_bytes',
    'x_seconds',
    'xx_bytes',
    'of_other',
    'c_total',
    'exact_total',
    'axb_total',
  ]);
  expect(families[0]?.help).toBe('Time');
  expect(families[0]?.samples.map(({ labels }) => labels['le'])).toEqual([
    '1',
    '2',
    '+Inf',
    undefined,
    undefined,
  ]);
});

test('a view keeps or drops attributes, whose values are added up then, or drops instruments', async () => {
  const { meter, values } = providerOf({
    views: [
      { instrument: 'kept', attributes: ['a', 'c'] },
      { instrument: 'dropped', attributes: { drop: ['b'] } },
      { instrument: 'none*', attributes: [] },
      { instrument: 'gone', drop: true },
    ],
  });
  for (const name of ['kept', 'dropped', 'none', 'gone']) {
    const counter = meter.createCounter(name);
    counter.add(1, { a: 1, b: 1 });
    counter.add(2, { a: 1, b: 2 });
    counter.bind({ a: 1, b: 3 }).add(4);
  }
  const gauge = meter.createObservableGauge('gone.gauge');
  gauge.addCallback((result) => result.observe(1));
  const observable = meter.createObservableCounter('none.observed');
  observable.addCallback((result) => {
    for (const a of [1, 2, 1]) result.observe(a, { a });
  });

  expect(await values()).toEqual({
    'kept_total{a="1"}': 7,
    'dropped_total{a="1"}': 7,
    'none_total{}': 7,
    'none_observed_total{}': 3,
    'gone_gauge{}': 1,
  });
});

test('sets beyond the limit are counted in the overflow set, and none is lost', async () => {
  const { meter, values } = providerOf({ maxSeries: 3, views: [{ instrument: 'wide', maxSeries: 5 }] });
  const narrow = meter.createCounter('narrow');
  const wide = meter.createCounter('wide');
  for (let round = 0; round < 2; round++) {
    for (let id = 0; id < 10; id++) {
      narrow.add(1, { id, [`key${id % 3}`]: 1 });
      wide.add(1, { id });
    }
  }
  for (const instrument of [meter.createObservableGauge('g'), meter.createObservableCounter('o')]) {
    instrument.addCallback((result) => {
      for (let id = 0; id < 10; id++) result.observe(id, { id });
    });
  }
  const found = await values();
  const of = (name: string): [string, number][] =>
    Object.entries(found).filter(([key]) => key.startsWith(name));

  expect(found).toMatchObject({
    'narrow_total{id="0",key0="1"}': 2,
    'narrow_total{id="1",key1="1"}': 2,
    'narrow_total{otel_metric_overflow="true"}': 16,
    'wide_total{id="3"}': 2,
    'wide_total{otel_metric_overflow="true"}': 12,
    'g{id="1"}': 1,
    'g{otel_metric_overflow="true"}': 9,
    'o_total{id="1"}': 1,
    'o_total{otel_metric_overflow="true"}': 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9,
  });
  expect([of('narrow'), of('wide'), of('g')].map((series) => series.length)).toEqual([3, 5, 3]);
  expect(warnings.filter((warning) => warning.includes('attribute sets'))).toHaveLength(4);
});

test('a series that a view gives a time to live ends when it does not change', async () => {
  const { meter, values } = providerOf({ views: [{ ttlSeconds: 0.2 }] });
  const counter = meter.createCounter('c');
  counter.add(1, { id: 1 });
  const start = performance.now();
  while (Object.keys(await values()).length > 0) {
    if (performance.now() - start > 10_000) throw new Error('the series has not ended');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  counter.add(2, { id: 1 });

  expect(await values()).toEqual({ 'c_total{id="1"}': 2 });
});

test.each([
  [{ colour: 'red' }, 'ERR_OPTION_UNKNOWN', 'Expected only options of MeterProvider'],
  [{ translation: 'dots' }, 'ERR_OPTION_VALUE', 'translation of MeterProvider to be one of suffixes'],
  [{ maxSeries: 0 }, 'ERR_OPTION_VALUE', 'a whole number from 1 on'],
  [{ prefix: 1 }, 'ERR_OPTION_VALUE', 'prefix of MeterProvider to be a string'],
  [{ register: {} }, 'ERR_OPTION_VALUE', 'register of MeterProvider to be a registry'],
  [{ resource: true }, 'ERR_OPTION_VALUE', 'an object with attributes'],
  [{ views: [1] }, 'ERR_OPTION_VALUE', 'a list of views'],
  [{ views: [{ colour: 'red' }] }, 'ERR_OPTION_UNKNOWN', 'Expected only options of a view'],
  [{ views: [{ buckets: [2, 1] }] }, 'ERR_OPTION_VALUE', 'ascending'],
  [{ views: [{ type: 'SUMMARY' }] }, 'ERR_OPTION_VALUE', 'OBSERVABLE_UP_DOWN_COUNTER'],
  [{ views: [{ merge: 'mean' }] }, 'ERR_OPTION_VALUE', 'merge of a view'],
  [{ views: [{ attributes: { keep: [] } }] }, 'ERR_OPTION_VALUE', 'under drop'],
  [{ views: [{ aggregation: { type: 4 } }] }, 'ERR_VIEW_AGGREGATION', "histogram: 'exponential'"],
])('%j is refused', (options, code, message) => {
  expect(() => new MeterProvider(options as never)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
});

test('a merge that the type cannot have is ignored with a warning', async () => {
  const views: View[] = [{ instrument: 'h', merge: 'max' }];
  const { meter, values } = providerOf({ views });
  meter.createHistogram('h', { advice: { explicitBucketBoundaries: [] } }).record(1);

  expect(warnings).toEqual([expect.stringContaining('got max: it is ignored')]);
  expect(await values()).toMatchObject({ 'h_count{}': 1 });
});
