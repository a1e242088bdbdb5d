import { diag } from '@opentelemetry/api';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Registry } from '../../src/index';
import { MeterProvider } from '../../src/opentelemetry';
import { valuesOf } from '../multiprocess/support/exposition';

const errors: string[] = [];
let registries = 0;

beforeEach(() => {
  errors.length = 0;
  const log = (message: string): number => errors.push(message);
  const silent = (): undefined => undefined;
  diag.setLogger({ warn: log, error: log, info: silent, debug: silent, verbose: silent });
});

afterEach(() => {
  diag.disable();
  vi.restoreAllMocks();
});

function newMeter(shared = true) {
  const register = new Registry(
    undefined,
    shared ? { name: `observables ${++registries}` } : { shared: false },
  );
  const provider = new MeterProvider({ register, resource: false, scopeLabels: false });
  const values = async (): Promise<Record<string, number>> =>
    Object.fromEntries(valuesOf(await register.metrics()));
  return { register, meter: provider.getMeter('m'), values };
}

test.each([true, false])(
  'callbacks run at each scrape, and the last value of a set counts; shared: %s',
  async (shared) => {
    const { meter, values } = newMeter(shared);
    let round = 0;
    meter.createObservableCounter('c').addCallback((result) => result.observe(++round));
    meter.createObservableUpDownCounter('u').addCallback(async (result) => {
      await undefined;
      result.observe(1, { a: 'x' });
      result.observe(-2, { a: 'x' });
    });
    meter.createObservableGauge('g').addCallback((result) => {
      result.observe(3);
      result.observe(4, { b: 'y' });
    });
    const expected = { 'u{a="x"}': -2, 'g{}': 3, 'g{b="y"}': 4 };

    expect(await values()).toEqual({ 'c_total{}': 1, ...expected });
    expect(await values()).toEqual({ 'c_total{}': 2, ...expected });
  },
);

test('a callback is added once, and one that is removed runs no more', async () => {
  const { meter, values } = newMeter();
  const gauge = meter.createObservableGauge('g');
  const callback = vi.fn((result) => result.observe(1));
  gauge.addCallback(callback);
  gauge.addCallback(callback);
  await values();
  expect(callback).toHaveBeenCalledTimes(1);
  gauge.removeCallback(callback);
  await values();
  expect(callback).toHaveBeenCalledTimes(1);
});

test('a batch callback observes its instruments and no others', async () => {
  const { meter, values } = newMeter();
  const [one, two, other] = ['one', 'two', 'other'].map((name) => meter.createObservableGauge(name));
  const callback = (result: { observe(instrument: unknown, value: number): void }): void => {
    for (const [i, instrument] of [one, two, other, {}, undefined].entries()) result.observe(instrument, i);
  };
  const batch = vi.fn(callback);
  meter.addBatchObservableCallback(batch as never, [one, two] as never);
  meter.addBatchObservableCallback(batch as never, [two, one, two] as never);
  expect(await values()).toEqual({ 'one{}': 0, 'two{}': 1 });
  expect(batch).toHaveBeenCalledTimes(1);

  meter.removeBatchObservableCallback(batch as never, [one] as never);
  await values();
  expect(batch).toHaveBeenCalledTimes(2);
  meter.removeBatchObservableCallback(batch as never, [two, one] as never);
  await values();
  expect(batch).toHaveBeenCalledTimes(2);
});

test('a callback that fails costs its own values, and no scrape', async () => {
  const { meter, values } = newMeter();
  meter.createObservableGauge('good').addCallback((result) => result.observe(1));
  meter.createObservableGauge('thrown').addCallback((result) => {
    result.observe(1);
    throw new Error('thrown');
  });
  meter.createObservableGauge('rejected').addCallback(async (result) => {
    result.observe(1);
    await Promise.reject(new Error('rejected'));
  });
  meter.createObservableGauge('invalid').addCallback((result) => result.observe('1' as never));
  meter.createObservableGauge('no.function').addCallback(undefined as never);

  expect(await values()).toEqual({ 'good{}': 1 });
  expect(
    errors.map((error) => /(thrown|rejected|"invalid"|undefined)/.exec(error)?.[0] ?? '').sort(byText),
  ).toEqual(['"invalid"', 'rejected', 'thrown', 'undefined']);
});

test('a callback that never ends costs its own values after five seconds', async () => {
  const { meter, values } = newMeter(false);
  meter.createObservableGauge('good').addCallback((result) => result.observe(1));
  meter.createObservableGauge('endless').addCallback((result) => {
    result.observe(1);
    return new Promise(() => undefined);
  });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const found = values();
    await vi.advanceTimersByTimeAsync(5000);
    expect(await found).toEqual({ 'good{}': 1 });
  } finally {
    vi.useRealTimers();
  }
  expect(errors).toEqual([expect.stringContaining('a callback of endless failed')]);
});

test('series that are not observed any more end after a second, but those of counters stay', async () => {
  const { meter, values } = newMeter();
  let now = 1000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  let isObserved = true;
  for (const instrument of [
    meter.createObservableCounter('c'),
    meter.createObservableGauge('g'),
    meter.createObservableUpDownCounter('u'),
  ]) {
    instrument.addCallback((result) => {
      if (isObserved) result.observe(1, { id: 'x' });
    });
  }
  const all = { 'c_total{id="x"}': 1, 'g{id="x"}': 1, 'u{id="x"}': 1 };
  expect(await values()).toEqual(all);
  isObserved = false;
  now += 999;
  // A second scraper, whose callbacks find nothing because they reset their source for the first.
  expect(await values()).toEqual(all);
  now += 1;
  expect(await values()).toEqual({ 'c_total{id="x"}': 1 });
  isObserved = true;
  expect(await values()).toEqual(all);
});

test('scrapes at one time share a run of the callbacks', async () => {
  const { register, meter } = newMeter();
  const callback = vi.fn(async (result) => {
    await undefined;
    result.observe(1);
  });
  meter.createObservableGauge('g').addCallback(callback);
  const texts = await Promise.all([register.metrics(), register.metrics(), register.metrics()]);

  expect(new Set(texts).size).toBe(1);
  expect(callback).toHaveBeenCalledTimes(1);
});

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}
