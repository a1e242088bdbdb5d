import { diag, ValueType } from '@opentelemetry/api';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  Counter,
  type GroupRegistry,
  openMetricsContentType,
  type PrometheusContentType,
  Registry,
} from '../../src/index';
import { MeterProvider, type MeterProviderOptions } from '../../src/opentelemetry';
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

// Once with the numbers in the group's memory, once in a registry of this thread alone, which has another way to its text.
function shared(): GroupRegistry {
  return new Registry<PrometheusContentType>(undefined, { name: `opentelemetry ${++registries}` });
}

const places: readonly (readonly [string, () => GroupRegistry])[] = [
  ['shared', shared],
  ['private', () => new Registry<PrometheusContentType>(undefined, { shared: false })],
];

function providerOf(newRegistry: () => GroupRegistry, options: MeterProviderOptions = {}) {
  const register = newRegistry();
  const provider = new MeterProvider({ register, resource: false, scopeLabels: false, ...options });
  const values = async (): Promise<Record<string, number>> =>
    Object.fromEntries(valuesOf(await register.metrics()));
  return { register, provider, meter: provider.getMeter('library', '1.0'), values };
}

test.each(places)('attribute sets with different keys are series of one family: %s', async (_, place) => {
  const { register, meter, values } = providerOf(place);
  const counter = meter.createCounter('requests');
  counter.add(1);
  counter.add(2, { method: 'GET' });
  counter.add(4, { method: 'GET', 'error.type': 'timeout' });
  counter.add(8, { 'error.type': 'timeout' });
  counter.add(16, { 'error.type': 'timeout', method: 'GET' });
  counter.add(32, {});
  counter.add(64, { status: 200 });
  counter.add(128, { status: '200' });

  expect(await values()).toEqual({
    'requests_total{}': 33,
    'requests_total{method="GET"}': 2,
    'requests_total{error_type="timeout",method="GET"}': 20,
    'requests_total{error_type="timeout"}': 8,
    'requests_total{status="200"}': 192,
  });
  expect(parse(await register.metrics())).toHaveLength(1);
});

test.each(places)('values of attributes have the texts of the specification: %s', async (_, place) => {
  const { meter, values } = providerOf(place);
  const gauge = meter.createGauge('g');
  class Inherited {
    own = 1;
  }
  Object.assign(Inherited.prototype, { inherited: 2 });
  gauge.record(1, { list: ['a', 'b'], map: { x: [1, null] }, flag: false, number: 1.5, big: 2n });
  gauge.record(2, { nothing: null, absent: undefined, function: () => 1, symbol: Symbol('s') });
  gauge.record(3, new Inherited() as never);
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  gauge.record(4, { cyclic });
  gauge.record(5, 'text' as never);

  expect(await values()).toEqual({
    'g{big="2",flag="false",list="[\\"a\\",\\"b\\"]",map="{\\"x\\":[1,null]}",number="1.5"}': 1,
    'g{nothing=""}': 2,
    'g{own="1"}': 3,
    'g{cyclic="[object Object]"}': 4,
    'g{}': 5,
  });
});

test.each(places)(
  'keys that become one label name are joined, and taken names are exported_ ones: %s',
  async (_, place) => {
    const { meter, values } = providerOf(place, { scopeLabels: true });
    const counter = meter.createCounter('c');
    for (let i = 0; i < 2; i++) {
      counter.add(1, { 'a.b': 1, a_b: 2 });
      counter.add(1, { a_b: 2, 'a.b': 1 });
      counter.add(1, { 'a.b': 3 });
      counter.add(1, { a_b: 4 });
      counter.add(1, { a_b: 3 });
    }
    counter.add(1, { otel_scope_name: 'mine', '1x': 1, '': 2, 'ü.ü': 3 });
    meter
      .createHistogram('h', { advice: { explicitBucketBoundaries: [1] } })
      .record(1, { le: 'x', exported_le: 'y' });
    const scope = 'otel_scope_name="library",otel_scope_version="1.0"';

    expect(await values()).toEqual({
      [`c_total{a_b="1;2",${scope}}`]: 4,
      [`c_total{a_b="3",${scope}}`]: 4,
      [`c_total{a_b="4",${scope}}`]: 2,
      [`c_total{_="2;3",_1x="1",exported_otel_scope_name="mine",${scope}}`]: 1,
      [`h_bucket{exported_le="y;x",le="1",${scope}}`]: 1,
      [`h_bucket{exported_le="y;x",le="+Inf",${scope}}`]: 1,
      [`h_sum{exported_le="y;x",${scope}}`]: 1,
      [`h_count{exported_le="y;x",${scope}}`]: 1,
    });
  },
);

test.each(places)('every synchronous instrument counts in its own way: %s', async (_, place) => {
  const { register, meter, values } = providerOf(place);
  meter.createCounter('counter').add(1.5);
  const upDown = meter.createUpDownCounter('up.down');
  upDown.add(5);
  upDown.add(-7);
  const gauge = meter.createGauge('gauge');
  gauge.record(5);
  gauge.record(-1);
  const histogram = meter.createHistogram('histogram', { advice: { explicitBucketBoundaries: [0, 10] } });
  for (const value of [0, 0.1, 10, 10.1, Infinity]) histogram.record(value);

  expect(parse(await register.metrics()).map(({ name, type }) => [name, type])).toEqual([
    ['counter_total', 'counter'],
    ['up_down', 'gauge'],
    ['gauge', 'gauge'],
    ['histogram', 'histogram'],
  ]);
  expect(await values()).toEqual({
    'counter_total{}': 1.5,
    'up_down{}': -2,
    'gauge{}': -1,
    'histogram_bucket{le="0"}': 1,
    'histogram_bucket{le="10"}': 3,
    'histogram_bucket{le="+Inf"}': 5,
    'histogram_sum{}': Infinity,
    'histogram_count{}': 5,
  });
});

test('a value that cannot be counted is dropped with a warning, and a fraction of a whole number is cut off', async () => {
  const { meter, values } = providerOf(shared);
  const counter = meter.createCounter('c');
  const whole = meter.createCounter('w', { valueType: ValueType.INT });
  const histogram = meter.createHistogram('h');
  for (const bad of [-1, Number.NaN, '1', null, undefined, {}]) {
    counter.add(bad as number);
    counter.bind().add(bad as number);
    histogram.record(bad as number);
  }
  expect(warnings).toHaveLength(18);
  expect(warnings[0]).toContain('expected a number that is not negative for COUNTER "c", but got -1');
  for (const amount of [1.9, Infinity, Number.NaN]) whole.add(amount);

  expect(warnings).toHaveLength(21);
  expect(await values()).toEqual({ 'w_total{}': 1 });
});

test('a bound instrument copies its attributes, and counts in the same series', async () => {
  const { register, meter, values } = providerOf(shared);
  const counter = meter.createCounter('c');
  const attributes = { kind: 'a' };
  const bound = counter.bind(attributes);
  attributes.kind = 'b';
  bound.add(1);
  counter.add(2, { kind: 'a' });
  expect(await values()).toEqual({ 'c_total{kind="a"}': 3 });

  register.resetMetrics();
  expect(await values()).toEqual({});
  bound.add(4);
  expect(await values()).toEqual({ 'c_total{kind="a"}': 4 });
});

test('instruments and meters that are created again are the same', async () => {
  const { provider, meter, values } = providerOf(shared);
  expect(provider.getMeter('library', '1.0')).toBe(meter);
  expect(provider.getMeter('library', '1.1')).not.toBe(meter);
  meter.createCounter('Same', { unit: 's' }).add(1);
  meter.createCounter('same', { unit: 's' }).add(1);
  expect(warnings).toEqual([]);
  meter.createCounter('same', { unit: 'ms' }).add(1);

  expect(warnings).toEqual([expect.stringContaining('expected COUNTER "Same" with unit "s"')]);
  expect(await values()).toEqual({ 'Same_seconds_total{}': 2, 'same_milliseconds_total{}': 1 });
});

test.each(places)('the longest description of an instrument counts, with a message: %s', async (_, place) => {
  const views = [{ instrument: 'viewed', description: 'of the view' }];
  const { register, provider, meter } = providerOf(place, { views });
  for (const [name, create] of [
    ['first', meter],
    ['first', provider.getMeter('other')],
    ['viewed', meter],
  ] as const) {
    for (const description of ['short', 'the longest one', 'short', 'middle']) {
      create.createCounter(name, { description });
    }
    create.createCounter(name, { description: 'short' }).add(1);
  }
  const text = await register.metrics();

  expect(text).toContain('# HELP first_total the longest one\n');
  expect(text).toContain('# HELP viewed_total of the view\n');
  expect(warnings).toHaveLength(6);
  expect(warnings[0]).toContain('expected the description "short" of COUNTER "first"');
  expect(warnings[0]).toContain('got "the longest one"');
});

test.each(places)('instruments of two meters whose names become one are one family: %s', async (_, place) => {
  const { provider, meter, values } = providerOf(place);
  const other = provider.getMeter('other');
  const advice = { explicitBucketBoundaries: [1] };
  for (const [i, [own, dotted]] of [
    [meter, 'x.y'],
    [other, 'x_y'],
  ].entries() as IterableIterator<[number, [typeof meter, string]]>) {
    own.createHistogram(`h.${dotted}`, { advice }).record(i + 1);
    own.createUpDownCounter(`u.${dotted}`).add(i + 1);
    own.createGauge(`g.${dotted}`).record(i + 1);
  }

  expect(await values()).toEqual({
    'h_x_y_bucket{le="1"}': 1,
    'h_x_y_bucket{le="+Inf"}': 2,
    'h_x_y_sum{}': 3,
    'h_x_y_count{}': 2,
    'u_x_y{}': 3,
    'g_x_y{}': 2,
  });
});

test('a name that a metric of another type has is refused, and one of the same type is shared', async () => {
  const { register, provider, meter, values } = providerOf(shared);
  meter.createCounter('a.b').add(1);
  provider.getMeter('other').createCounter('a_b').add(2);
  meter.createGauge('a.b.total').record(7);
  expect(warnings).toEqual([expect.stringContaining('"a_b_total" is taken')]);
  new Counter({ name: 'own_total', help: 'h', registers: [register] }).inc(3);
  meter.createGauge('own.total').record(7);
  meter.createCounter('own').add(4);

  expect(warnings).toHaveLength(2);
  expect(await values()).toEqual({ 'a_b_total{}': 3, 'own_total{}': 7 });
});

test('boundaries are sorted, and the first histogram of a name decides for all', async () => {
  const { provider, meter, values } = providerOf(shared);
  const advice = (...explicitBucketBoundaries: number[]) => ({ advice: { explicitBucketBoundaries } });
  meter.createHistogram('h', advice(5, 1, Number.NaN, 1)).record(2);
  expect(warnings).toEqual([expect.stringContaining('1, 5 are used')]);
  provider.getMeter('other').createHistogram('h', advice(3)).record(2);
  expect(warnings[1]).toContain('for all, with the boundaries 1, 5, but got with the boundaries 3');
  meter.createHistogram('empty', advice()).record(2);

  expect(await values()).toMatchObject({
    'h_bucket{le="1"}': 0,
    'h_bucket{le="5"}': 2,
    'empty_bucket{le="+Inf"}': 1,
  });
  const standard = meter.createHistogram('standard');
  standard.record(0);
  const buckets = Object.keys(await values()).filter((key) => key.startsWith('standard_bucket'));
  expect(buckets.map((key) => /le="(.*)"/.exec(key)?.[1])).toEqual(
    '0 5 10 25 50 75 100 250 500 750 1000 2500 5000 7500 10000 +Inf'.split(' '),
  );
});

test('a series is removed and reset by its labels as Prometheus has them', async () => {
  const { register, meter, values } = providerOf(shared);
  const counter = meter.createCounter('c');
  counter.add(1, { 'a.b': 1 });
  counter.add(1, { other: 1 });
  counter.add(1, { other: 2 });
  await register.removeFromGroup('c_total', { other: 1 });
  expect(await values()).toEqual({ 'c_total{a_b="1"}': 1, 'c_total{other="2"}': 1 });
  await register.resetGroup('c_total');
  expect(await values()).toEqual({});
});

test.each(places)(
  'a provider that is made after its registry was cleared counts anew: %s',
  async (_, place) => {
    const { register, meter, values } = providerOf(place);
    meter.createCounter('a').add(1);
    register.clear();
    expect(await values()).toEqual({});
    const next = new MeterProvider({ register, resource: false, scopeLabels: false }).getMeter('library');
    next.createGauge('a.total').record(2);
    expect(await values()).toEqual({ 'a_total{}': 2 });
  },
);

test.each(places)('objects and single families are the same numbers: %s', async (_, place) => {
  const { register, meter } = providerOf(place);
  const histogram = meter.createHistogram('h', { advice: { explicitBucketBoundaries: [1] } });
  histogram.record(0.5, { a: 1 });
  histogram.record(2, { b: 1 });
  const text = await register.getSingleMetricAsString('h');
  const [family] = await register.getMetricsAsJSON();

  expect(valuesOf(`${text}\n`).size).toBe(8);
  expect(family?.values).toHaveLength(8);
  expect(await register.getMetricsAsJSON()).toHaveLength(1);
  expect(await register.getGroupMetricsAsJSON()).toHaveLength(1);
});

test('exemplars name the sampled span', async () => {
  const register = new Registry(openMetricsContentType, { name: 'opentelemetry exemplars' });
  const provider = new MeterProvider({ register, resource: false, exemplars: true });
  const span = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };
  const contextOf = (traceFlags: number) => ({
    getValue: (key: symbol) =>
      key === Symbol.for('OpenTelemetry Context Key SPAN')
        ? { spanContext: () => ({ ...span, traceFlags }) }
        : undefined,
  });
  const meter = provider.getMeter('m');
  meter.createCounter('sampled').add(2, {}, contextOf(1));
  meter.createCounter('unsampled').add(2, {}, contextOf(0));
  const text = await register.metrics();

  expect(text).toContain('# {trace_id="0af7651916cd43dd8448eb211c80319c",span_id="b7ad6b7169203331"} 2');
  expect(text.match(/trace_id/g)).toHaveLength(1);
  expect(() => new MeterProvider({ register: new Registry(), exemplars: true })).toThrow(
    expect.objectContaining({ code: 'ERR_EXEMPLARS_FORMAT' }),
  );
});

test('after a shutdown no callback runs, and all counts stay', async () => {
  const { provider, meter, values } = providerOf(shared);
  const callback = vi.fn((result) => result.observe(1));
  meter.createObservableCounter('o').addCallback(callback);
  meter.createCounter('c').add(1);
  const before = await values();
  expect(callback).toHaveBeenCalledTimes(1);
  await provider.forceFlush();
  await provider.shutdown();
  await provider.shutdown();

  expect(await values()).toEqual(before);
  expect(callback).toHaveBeenCalledTimes(1);
});
