import { describe, expect, test } from 'vitest';
import { Counter, Gauge, Histogram, Registry, Summary } from '../../src/index';

const help = 'h';
const classes = { Counter, Gauge, Histogram, Summary } as const;

/** The ways to read a registry or a metric, each of which brings the metrics up to date first. */
const readings: [string, (registry: Registry) => Promise<unknown>][] = [
  ['metrics()', (registry) => registry.metrics()],
  ['getMetricsAsJSON()', (registry) => registry.getMetricsAsJSON()],
  ['getSingleMetricAsString()', (registry) => registry.getSingleMetricAsString('m')],
  ['get()', async (registry) => registry.getSingleMetric('m')?.get()],
];

describe.each(readings)('%s', (_, read) => {
  test.each(Object.entries(classes))(
    'runs the collect function of a %s once, with it as this',
    async (_, Class) => {
      const registry = new Registry();
      const seen: unknown[] = [];
      const metric = new Class({
        name: 'm',
        help,
        registers: [registry],
        collect(this: unknown) {
          seen.push(this);
        },
      });
      await read(registry);

      expect(seen).toEqual([metric]);
    },
  );

  test('waits for a Promise, and shows what was set before it was kept', async () => {
    const registry = new Registry();
    new Gauge({
      name: 'm',
      help,
      registers: [registry],
      async collect() {
        await new Promise(setImmediate);
        this.set(42);
      },
    });

    expect(JSON.stringify(await read(registry))).toContain('42');
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('no numbers');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no numbers'))],
  ])('rejects when the collect function %s', async (_, collect) => {
    const registry = new Registry();
    new Gauge({ name: 'm', help, registers: [registry], collect });

    await expect(read(registry)).rejects.toThrow('no numbers');
  });
});

test('does not wait for what only looks like a Promise', async () => {
  const registry = new Registry();
  // biome-ignore lint/suspicious/noThenProperty: this is what it looks like.
  const collect = (): Promise<void> => ({ then: () => undefined }) as unknown as Promise<void>;
  new Gauge({ name: 'm', help, registers: [registry], collect });

  expect(await registry.metrics()).toContain('m 0');
});

test('all collect functions start in order, before any is waited for or anything is read', async () => {
  const registry = new Registry();
  const started: string[] = [];
  const registers = [registry];
  const first = new Gauge({ name: 'first', help, registers });
  new Gauge({
    name: 'second',
    help,
    registers,
    async collect() {
      started.push('second');
      await new Promise(setImmediate);
      started.push('second went on');
    },
  });
  registry.registerMetric({
    name: 'foreign',
    get: () => {
      started.push('foreign');
      return { name: 'foreign', help, type: 'gauge', values: [{ value: 3, labels: {} }] };
    },
  });
  new Gauge({
    name: 'third',
    help,
    registers,
    collect() {
      started.push('third');
      first.set(1);
      this.set(2);
    },
  });
  const text = await registry.metrics();

  expect(started).toEqual(['second', 'foreign', 'third', 'second went on']);
  for (const line of ['first 1', 'third 2', 'foreign 3']) expect(text).toContain(`\n${line}\n`);
});

test('counters and summaries may be collected too', async () => {
  const registry = new Registry();
  const registers = [registry];
  new Counter({
    name: 'c',
    help,
    registers,
    async collect() {
      this.reset();
      this.inc(await Promise.resolve(5));
    },
  });
  new Summary({
    name: 's',
    help,
    registers,
    percentiles: [],
    async collect() {
      this.observe(await Promise.resolve(2));
    },
  });
  await registry.metrics();

  expect(await registry.metrics()).toMatch(/\nc 5\n.*\ns_sum 4\ns_count 2\n/s);
});
