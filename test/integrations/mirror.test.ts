import * as client from 'prom-client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Counter, mirror, Registry } from '../../src/index';
import { currentStore } from '../../src/store/current';

let theirs: client.Registry;
let register: Registry;

beforeEach(() => {
  theirs = new client.Registry();
  register = new Registry();
});

afterEach(() => {
  vi.restoreAllMocks();
});

test('a copy has the name, help, type, labels and numbers of the original', async () => {
  fill();
  mirror(theirs, { register });
  await register.metrics();

  expect(lines(await register.metrics())).toEqual(
    lines(await theirs.metrics()).filter((line) => !line.includes('quantile=')),
  );
  // The mirror itself shows nowhere.
  const names = (await register.getMetricsAsJSON()).map(({ name }) => name);
  expect(new Set(names)).toEqual(new Set(['n_total', 'g', 'h', 's']));
});

test('names that are taken are refused, now and later', async () => {
  new Counter({ name: 'g', help: 'h', registers: [register] });
  fill();
  const error = {
    code: 'ERR_METRIC_EXISTS',
    message: 'A metric with the name g has already been registered.',
  };
  expect(() => mirror(theirs, { register })).toThrow(expect.objectContaining(error));

  theirs.removeSingleMetric('g');
  mirror(theirs, { register });
  await register.metrics();
  new client.Gauge({ name: 'g', help: 'h', registers: [theirs] });
  await expect(register.metrics()).rejects.toMatchObject(error);
});

test('a histogram that gets other buckets and a metric that gets another type are made anew', async () => {
  const registers = [theirs];
  mirror(theirs, { register });
  const histogram = new client.Histogram({
    name: 'h',
    help: 'h',
    buckets: [1, 2],
    labelNames: ['a'],
    registers,
  });
  histogram.observe({ a: 'x' }, 1);
  new client.Counter({ name: 'n', help: 'h', registers }).inc(9);
  await register.metrics();
  histogram.reset();
  await register.metrics();
  theirs.clear();
  const other = new client.Histogram({ name: 'h', help: 'h', buckets: [5], labelNames: ['b'], registers });
  other.observe({ b: 'y' }, 7);
  new client.Gauge({ name: 'n', help: 'h', registers }).set(-1);
  await register.metrics();

  expect(lines(await register.metrics())).toEqual(lines(await theirs.metrics()));
});

test('scrapes at the same time read once, and later ones wait for their turn', async () => {
  fill();
  mirror(theirs, { register });
  await register.metrics();
  const read = vi.spyOn(theirs, 'getMetricsAsJSON');
  await register.metrics();
  expect(read).toHaveBeenCalledTimes(1);

  const counter = theirs.getSingleMetric('n_total') as client.Counter;
  const texts = await Promise.all([
    register.metrics(),
    Promise.resolve().then(() => {
      counter.inc();
      return register.metrics();
    }),
  ]);
  expect(texts[1]).toContain('n_total 3.5\n');
});

test('the function returned gives everything back, also while a reading is under way', async () => {
  fill();
  const register = new Registry(undefined, { name: 'given back' }); // not private, to be in the store of the thread
  const added = vi.spyOn(currentStore(), 'addFamily');
  const removed = vi.spyOn(currentStore(), 'removeFamily');
  const stop = mirror(theirs, { register });
  await register.metrics();
  const scrape = register.metrics();
  stop();
  await scrape;
  stop();

  expect(added).toHaveBeenCalledTimes(4);
  expect(removed.mock.calls.flat().sort()).toEqual(added.mock.results.map(({ value }) => value).sort());
  expect(register.getMetricsAsArray()).toEqual([]);
  expect(await register.metrics()).toBe('\n');
});

test('a registry that cannot be read fails the scrape with its own error', async () => {
  const getMetricsAsJSON = vi.fn(() => Promise.reject(new Error('not now')));
  mirror({ getMetricsAsJSON }, { register });

  await expect(register.metrics()).rejects.toThrow('not now');
  await expect(register.metrics()).rejects.toThrow('not now');
  getMetricsAsJSON.mockResolvedValue([] as never);
  expect(await register.metrics()).toBe('\n');
});

/** One metric of each type. */
function fill(): void {
  const registers = [theirs];
  new client.Counter({ name: 'n_total', help: 'Counts.', registers }).inc(2.5);
  const gauge = new client.Gauge({
    name: 'g',
    help: 'Gauges.',
    labelNames: ['a'],
    aggregator: 'max',
    registers,
  });
  gauge.set({ a: 'x' }, 0.1 + 0.2);
  gauge.set({ a: 'y' }, Number.NaN);
  const histogram = new client.Histogram({ name: 'h', help: 'Sizes.', buckets: [-1, 0.5, 4], registers });
  for (const value of [-3, 0.5, 3, 100]) histogram.observe(value);
  new client.Summary({ name: 's', help: 'Waits.', labelNames: ['a'], registers }).observe({ a: 'x' }, 3);
}

/** The order of lines and labels is not what is asked here. */
function lines(text: string): string[] {
  const sorted = (labels: string): string => `{${labels.slice(1, -1).split(',').sort().join(',')}}`;
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/\{.*\}/, sorted))
    .sort();
}
