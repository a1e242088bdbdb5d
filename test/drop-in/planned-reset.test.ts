import * as judge from 'prom-client';
import { describe, expect, test } from 'vitest';
import * as ours from '../../src/index';
import { spawn } from '../multiprocess/support/member';

type Library = typeof judge;
type Planner = (reset: () => void) => unknown;

/** A `collect` function may plan a reset for after the scrape, which shows the counts since the last one. */
const planners: Record<string, Planner> = {
  'in the next tick': (reset) => process.nextTick(reset),
  'in a microtask': (reset) => Promise.resolve().then(reset),
  'in an immediate': (reset) => setImmediate(reset),
};

const global = (library: Library): judge.Registry => {
  library.register.clear();
  return library.register;
};
const own = (library: Library): judge.Registry => new library.Registry();

type Reading = (registry: judge.Registry) => Promise<unknown>;
const readings: [string, Reading][] = [
  ['metrics()', (registry) => registry.metrics()],
  ['getMetricsAsJSON()', (registry) => registry.getMetricsAsJSON()],
  ['getSingleMetricAsString()', (registry) => registry.getSingleMetricAsString('h')],
  ['get()', async (registry) => registry.getSingleMetric('h')?.get()],
];

/** Ticks run before microtasks there, and after them where a caller awaits. */
function fromEventLoop<R>(task: () => Promise<R>): Promise<R> {
  return new Promise((resolve, reject) => {
    setImmediate(() => task().then(resolve, reject));
  });
}

/** After all that has been planned so far. */
const afterwards = (): Promise<void> => fromEventLoop(() => fromEventLoop(async () => undefined));

function counting(library: Library, registry: judge.Registry, plan: Planner): (amount: number) => void {
  const options = {
    help: 'h',
    registers: [registry],
    collect(this: { reset(): void }): void {
      plan(() => this.reset());
    },
  };
  const labelNames = ['a'];
  const counter = new library.Counter({ ...options, name: 'c', labelNames });
  const gauge = new library.Gauge({ ...options, name: 'g' });
  const histogram = new library.Histogram({ ...options, name: 'h', labelNames, buckets: [1] });
  const summary = new library.Summary({ ...options, name: 's', labelNames, percentiles: [] });
  const child = histogram.labels('child');
  return (amount) => {
    counter.inc({ a: 'x' }, amount);
    gauge.set(amount);
    histogram.observe({ a: 'x' }, amount);
    child.observe(amount / 8);
    summary.observe({ a: 'x' }, amount);
  };
}

describe.each([
  ['the global registry', global],
  ['a registry of its own', own],
])('of %s', (_, registryOf) => {
  describe.each(Object.entries(planners))('a reset that collect plans %s', (_, plan) => {
    test.each(readings)('comes after %s, each time', async (_, read) => {
      const shown: unknown[][] = [];
      for (const library of [ours as unknown as Library, judge]) {
        const registry = registryOf(library);
        const count = counting(library, registry, plan);
        const seen: unknown[] = [];
        for (const amount of [0.5, 2, 4, 0.25]) {
          count(amount);
          seen.push(await fromEventLoop(() => read(registry)));
          await afterwards();
        }
        shown.push(seen);
      }
      expect(shown[0]).toEqual(shown[1]);
    });
  });
});

test('a reset of the application shows at once, and series may be removed and made as ever', async () => {
  const registry = own(ours as unknown as Library);
  const count = counting(ours as unknown as Library, registry, () => undefined);
  count(2);
  const before = await registry.metrics();
  registry.resetMetrics();
  const after = await registry.metrics();
  count(2);

  expect(after).not.toBe(before);
  expect(after).toContain('\ng 0\n');
  expect(await registry.metrics()).toBe(before);
});

test('a reset in the middle of a scrape takes nothing from it', async () => {
  const registry = ours.register;
  registry.clear();
  const counter = new ours.Counter({ name: 'c', help: 'h', labelNames: ['a'], collect: () => undefined });
  for (let scrape = 0; scrape < 30; scrape++) {
    for (let a = 0; a < 300; a++) counter.inc({ a });
    const text = registry.metrics();
    while ((await Promise.race([text, fromEventLoop(async () => 'pending')])) === 'pending') counter.reset();
    expect((await text).match(/ 1$/gm)).toHaveLength(300);
    counter.reset();
  }
});

test('series that are removed while objects are read are left out of the rest', async () => {
  const registry = own(ours as unknown as Library);
  const options = { help: 'h', labelNames: ['a'], registers: [registry as unknown as ours.Registry] };
  const counter = new ours.Counter({ ...options, name: 'c' });
  const histogram = new ours.Histogram({ ...options, name: 'h', buckets: [1] });
  for (let a = 0; a < 30_000; a++) {
    counter.inc({ a });
    histogram.observe({ a }, 1);
  }
  const families = registry.getMetricsAsJSON();
  await fromEventLoop(async () => registry.resetMetrics());
  for (const { values } of await families) {
    expect(values.filter(({ value }) => !Number.isFinite(value))).toEqual([]);
  }
});

test('objects of thousands of series, whose reading pauses, have the numbers before the reset', async () => {
  const registry = new ours.Registry();
  const gauge = new ours.Gauge({
    name: 'g',
    help: 'h',
    labelNames: ['a'],
    registers: [registry],
    collect() {
      process.nextTick(() => this.reset());
    },
  });
  for (const read of [() => gauge.get(), async () => (await registry.getMetricsAsJSON())[0]]) {
    for (let a = 0; a < 20_000; a++) gauge.set({ a }, 1);
    const family = (await fromEventLoop(read)) as Awaited<ReturnType<ours.Gauge['get']>>;
    expect(family.values.filter(({ value }) => value === 1).length).toBe(20_000);
    await afterwards();
  }
});

test('exemplars, native buckets and quantiles stay for the scrape, too', async () => {
  const type = ours.openMetricsContentType;
  const exposed = async (plan: Planner, name: string): Promise<string[]> => {
    const registry = new ours.Registry<ours.OpenMetricsContentType>(type, { name });
    const options = {
      help: 'h',
      registers: [registry],
      labelNames: ['a'],
      collect(this: { reset(): void }): void {
        plan(() => this.reset());
      },
    };
    const native = { nativeHistogramBucketFactor: 1.1, enableExemplars: true };
    const histogram = new ours.Histogram({ ...options, ...native, name: 'h', buckets: [1] });
    const aged = { maxAgeSeconds: 86_400, ageBuckets: 3 };
    const summaries = [{}, aged].map((age, i) => new ours.Summary({ ...options, ...age, name: `s${i}` }));
    const texts: string[] = [];
    for (let scrape = 0; scrape < 3; scrape++) {
      for (const value of [-3, 0, 0.001, 5 ** scrape]) {
        histogram.observe({ labels: { a: 'x' }, value, exemplarLabels: { traceId: `${value}` } });
        for (const summary of summaries) summary.observe({ a: 'x' }, value);
      }
      const accept = 'application/openmetrics-text;version=2.0.0';
      const { body } = await fromEventLoop(() => registry.exposition({ accept, openMetrics: true }));
      texts.push(`${body}`);
      await afterwards();
      for (const metric of [histogram, ...summaries]) metric.reset();
    }
    return texts;
  };
  const withoutTimes = (texts: string[]): string[] =>
    texts.map((text) => text.replace(/ (st@)?\d{10}(\.\d+)?/g, ''));

  const planned = withoutTimes(await exposed((reset) => process.nextTick(reset), 'planned'));
  expect(planned[2]).toMatch(/traceId="25"/);
  expect(planned).toEqual(withoutTimes(await exposed(() => undefined, 'plain')));
});

test('each scrape of a group has the counts of all processes since the last one', async () => {
  const primary = await spawn();
  const workers = await Promise.all([primary.startWorker(), primary.startWorker()]);
  const count = ({ Counter, Histogram, register }: typeof ours): void => {
    function collect(this: { reset(): void }): void {
      process.nextTick(() => this.reset());
    }
    if (!register.getSingleMetric('since_total')) {
      new Counter({ name: 'since_total', help: 'h', labelNames: ['a'], collect });
      new Histogram({ name: 'since', help: 'h', buckets: [1], collect });
    }
    (register.getSingleMetric('since_total') as ours.Counter).inc({ a: 'x' }, 2);
    (register.getSingleMetric('since') as ours.Histogram).observe(0.5);
  };
  for (const member of [primary, ...workers, primary]) {
    for (const worker of workers) await worker.run(count);
    const lines = (await member.scrape()).split('\n');
    for (const line of ['since_total{a="x"} 4', 'since_bucket{le="1"} 2', 'since_count 2']) {
      expect(lines).toContain(line);
    }
  }
});
