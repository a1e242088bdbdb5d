import { afterEach, describe, expect, test, vi } from 'vitest';
import { Gauge, type GaugeConfiguration } from '../../src/index';

const make = (config: Partial<GaugeConfiguration<string>> = {}): Gauge =>
  new Gauge({ name: 'g', help: 'h', registers: [], ...config });
const numberOf = async (gauge: Gauge): Promise<number | undefined> => (await gauge.get()).values[0]?.value;

afterEach(() => {
  vi.useRealTimers();
});

test('it goes up and down and anywhere', async () => {
  const gauge = make();
  gauge.inc();
  gauge.inc(5);
  gauge.dec();
  gauge.dec({}, 0.5);
  gauge.inc({}, 1);
  expect(await numberOf(gauge)).toBe(5.5);

  gauge.set(-3);
  expect(await numberOf(gauge)).toBe(-3);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('it can be %s', async (value) => {
  const gauge = make();
  gauge.set(value);

  expect(await numberOf(gauge)).toBe(value);
});

test.each<[string, unknown[], string]>([
  ['set', ['5'], 'Value is not a valid number: 5'],
  ['set', [undefined], 'Value is not a valid number: undefined'],
  ['set', [{}, null], 'Value is not a valid number: null'],
  ['inc', ['5'], 'Delta is not a valid number: 5'],
  ['inc', [null], 'Delta is not a valid number: null'],
])('%s(%j) is refused', (method, args, message) => {
  const gauge = make() as unknown as Record<string, (...args: unknown[]) => void>;

  expect(() => gauge[method]?.(...args)).toThrow(
    expect.objectContaining({ name: 'TypeError', code: 'ERR_NOT_A_NUMBER', message }),
  );
});

test('dec takes the text of a number, though inc does not', async () => {
  const gauge = make();
  gauge.dec('5' as unknown as number);

  expect(await numberOf(gauge)).toBe(-5);
});

test('its children do the same', async () => {
  vi.useFakeTimers({ now: 5_000 });
  const gauge = make({ labelNames: ['a'] });
  const child = gauge.labels('x');
  child.set(3);
  child.inc();
  child.inc(2);
  child.dec();
  expect(await numberOf(gauge)).toBe(5);

  child.setToCurrentTime();
  expect(await numberOf(gauge)).toBe(5);
  vi.setSystemTime(7_500);
  child.setToCurrentTime();
  expect(await numberOf(gauge)).toBe(7.5);
  expect(() => child.set('1' as unknown as number)).toThrow('Value is not a valid number: 1');
});

test('it can be the time in seconds, with and without labels', async () => {
  vi.useFakeTimers({ now: 1_500 });
  const gauge = make();
  gauge.setToCurrentTime();
  expect(await numberOf(gauge)).toBe(1.5);

  const labelled = make({ labelNames: ['a'] });
  labelled.setToCurrentTime({ a: 'x' });
  expect((await labelled.get()).values).toEqual([{ value: 1.5, labels: { a: 'x' } }]);
});

describe('in a mode of the most recent value', () => {
  const modes = ['mostrecent', 'livemostrecent'] as const;

  test.each(modes)('%s has no sample until it is set, and again after a reset', async (multiprocessMode) => {
    const gauge = make({ multiprocessMode });
    expect(await numberOf(gauge)).toBeUndefined();

    gauge.set(0);
    expect(await numberOf(gauge)).toBe(0);

    gauge.reset();
    expect(await numberOf(gauge)).toBeUndefined();
  });

  test.each(modes)('%s refuses differences', (multiprocessMode) => {
    const gauge = make({ multiprocessMode, labelNames: ['a'] });
    const refusal = (method: string): unknown =>
      expect.objectContaining({
        code: 'ERR_MOST_RECENT_DELTA',
        message: expect.stringContaining(`but got ${method}()`),
      });

    expect(() => gauge.inc({ a: 'x' })).toThrow(refusal('inc'));
    expect(() => gauge.dec(1)).toThrow(refusal('dec'));
    expect(() => gauge.labels('x').inc()).toThrow(refusal('inc'));
    expect(() => gauge.labels('x').dec()).toThrow(refusal('dec'));
  });

  test('the time it was set is that of the clock at the call', async () => {
    const hrtime = vi.spyOn(process, 'hrtime').mockReturnValue([0, 0]);
    const gauge = make({ multiprocessMode: 'mostrecent' });
    gauge.set(1);
    expect(await numberOf(gauge)).toBeUndefined();

    hrtime.mockReturnValue([3, 250_000]);
    gauge.set(1);
    expect(await numberOf(gauge)).toBe(1);
    hrtime.mockRestore();
  });
});

test('an unknown mode and an unknown aggregator are refused', () => {
  expect(() => make({ multiprocessMode: 'newest' as 'all' })).toThrow(
    expect.objectContaining({ code: 'ERR_MULTIPROCESS_MODE' }),
  );
  expect(() => make({ aggregator: 'median' as 'sum' })).toThrow("'median' is not a defined aggregator.");
});

test('a mode beside an aggregator is refused, each alone is not', () => {
  expect(() => make({ multiprocessMode: 'max', aggregator: 'max' })).toThrow(
    expect.objectContaining({
      name: 'TypeError',
      code: 'ERR_GAUGE_MODE',
      message: expect.stringContaining("got both 'max' and 'max'"),
    }),
  );
  make({ multiprocessMode: 'max', aggregator: undefined });
  make({ aggregator: 'max', multiprocessMode: undefined });
});
