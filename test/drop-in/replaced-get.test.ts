import * as judge from 'prom-client';
import { describe, expect, test, vi } from 'vitest';
import * as ours from '../../src/index';
import { spawn } from '../multiprocess/support/member';

type Library = typeof judge;
type Family = Awaited<ReturnType<judge.Gauge['get']>>;

const help = 'h';

/** Applications that replace or override the function by which a registry reads a metric. */
const applications: Record<string, (library: Library, registry: judge.Registry) => unknown> = {
  'a subclass sets the value first'({ Gauge }, registry) {
    class Current extends Gauge {
      override get(): Promise<Family> {
        this.set(7);
        return super.get();
      }
    }
    new Current({ name: 'm', help, registers: [registry] });
  },

  'a subclass computes the value and stores nothing'({ Gauge }, registry) {
    class Current extends Gauge {
      override async get(): Promise<Family> {
        const family = await super.get();
        return { ...family, values: [{ value: 7, labels: {} }] };
      }
    }
    new Current({ name: 'm', help, registers: [registry] });
  },

  'a function on the instance returns other numbers'({ Gauge }, registry) {
    const gauge = new Gauge({ name: 'm', help, registers: [registry] });
    const { type, aggregator } = registry.getMetricsAsArray()[0] as judge.MetricObject;
    const family = { name: 'm', help, type, aggregator, values: [{ value: 7, labels: {} }] };
    gauge.get = async () => family as Family;
  },

  'a function on the instance sets the value'({ Gauge }, registry) {
    const gauge = new Gauge({ name: 'm', help, labelNames: ['queue'], registers: [registry] });
    const get = gauge.get.bind(gauge);
    gauge.get = () => {
      gauge.set({ queue: 'mail' }, 3);
      return get();
    };
  },

  'a function adds samples of other labels'({ Counter }, registry) {
    const counter = new Counter({ name: 'm', help, labelNames: ['queue'], registers: [registry] });
    counter.inc({ queue: 'mail' }, 2);
    const get = counter.get.bind(counter);
    counter.get = async () => {
      const family = await get();
      family.values.push({ value: 1, labels: { queue: 'fax', host: 'here' } as object });
      return family;
    };
  },

  'a function leaves samples out'({ Counter }, registry) {
    const counter = new Counter({ name: 'm', help, labelNames: ['queue'], registers: [registry] });
    counter.inc({ queue: 'mail' }, 2);
    counter.inc({ queue: 'fax' });
    const get = counter.get.bind(counter);
    counter.get = async () => {
      const family = await get();
      return { ...family, values: family.values.filter(({ labels }) => labels.queue !== 'fax') };
    };
  },

  'a function leaves all samples out'({ Gauge }, registry) {
    const gauge = new Gauge({ name: 'm', help, registers: [registry] });
    gauge.get = async function (this: judge.Gauge) {
      return { ...(await Object.getPrototypeOf(this).get.call(this)), values: [] };
    };
  },

  'a function changes numbers, help and name'({ Gauge }, registry) {
    const gauge = new Gauge({ name: 'm', help, registers: [registry] });
    gauge.set(2);
    const get = gauge.get.bind(gauge);
    gauge.get = async () => {
      const family = await get();
      return {
        ...family,
        name: 'n',
        help: 'i',
        values: family.values.map((sample) => ({ ...sample, value: 1000 * sample.value })),
      };
    };
  },

  'a function adds a sample of another name'({ Gauge }, registry) {
    const gauge = new Gauge({ name: 'm', help, registers: [registry] });
    const get = gauge.get.bind(gauge);
    gauge.get = async () => {
      const family = await get();
      const more = { value: 2, labels: {}, metricName: 'm_limit' };
      return { ...family, values: [...family.values, more] };
    };
  },

  'a summary leaves series out'({ Summary }, registry) {
    const options = { name: 'm', help, labelNames: ['queue'], percentiles: [], registers: [registry] };
    const summary = new Summary(options);
    summary.observe({ queue: 'mail' }, 2);
    summary.observe({ queue: 'fax' }, 3);
    const get = summary.get.bind(summary);
    summary.get = async () => {
      const family = await get();
      return { ...family, values: family.values.filter(({ labels }) => labels['queue'] !== 'fax') };
    };
  },

  'the text of a histogram comes from another function than its objects'({ Histogram }, registry) {
    const histogram = new Histogram({ name: 'm', help, buckets: [1], registers: [registry] });
    const get = histogram.get.bind(histogram);
    histogram.get = () => {
      histogram.observe(0.5);
      return get();
    };
  },

  'a histogram whose text is replaced'({ Histogram }, registry) {
    const histogram = new Histogram({ name: 'm', help, buckets: [1], registers: [registry] });
    const withText = histogram as unknown as { getForPromString(): Promise<{ values: object[] }> };
    const getForPromString = withText.getForPromString.bind(histogram);
    withText.getForPromString = async () => {
      histogram.observe(0.5);
      const family = await getForPromString();
      return { ...family, values: family.values.slice(1) };
    };
  },

  'a function is replaced and put back'({ Gauge }, registry) {
    const gauge = new Gauge({ name: 'm', help, registers: [registry] });
    gauge.set(4);
    const { type, aggregator } = registry.getMetricsAsArray()[0] as judge.MetricObject;
    const values = [{ value: 7, labels: {} }];
    gauge.get = async () => ({ name: 'm', help, type, aggregator, values }) as unknown as Family;
    return () => {
      delete (gauge as { get?: unknown }).get;
    };
  },
};

describe.each(Object.entries(applications))('%s', (_, make) => {
  const readings: [string, (registry: judge.Registry) => Promise<unknown>][] = [
    ['metrics()', (registry) => registry.metrics()],
    ['getSingleMetricAsString()', (registry) => registry.getSingleMetricAsString('m')],
    ['getMetricsAsJSON()', async (registry) => JSON.stringify(await registry.getMetricsAsJSON())],
  ];

  test.each(readings)('%s shows what it shows with prom-client', async (name, read) => {
    const shown = [];
    for (const library of [ours as unknown as Library, judge]) {
      const registry = new library.Registry();
      const next = make(library, registry) as (() => void) | undefined;
      const first = await read(registry);
      next?.();
      shown.push([first, await read(registry)]);
    }
    const keysInOrder = (json: unknown) => (name.endsWith('JSON()') ? JSON.parse(json as string) : json);

    expect(shown[0]?.map(keysInOrder)).toEqual(shown[1]?.map(keysInOrder));
  });
});

test('a spy that calls through changes nothing', async () => {
  const registry = new ours.Registry();
  const counter = new ours.Counter({ name: 'm', help, registers: [registry] });
  counter.inc(2);
  const get = vi.spyOn(counter, 'get');

  expect(await registry.metrics()).toBe(`# HELP m h\n# TYPE m counter\nm 2\n`);
  expect(get).toHaveBeenCalledTimes(1);
});

test('a patch of a prototype counts, and ends', async () => {
  const registry = new ours.Registry();
  new ours.Gauge({ name: 'm', help, registers: [registry] });
  const own = ours.Gauge.prototype.get;
  ours.Gauge.prototype.get = function () {
    this.inc();
    return own.call(this);
  };

  expect(await registry.metrics()).toContain('\nm 1\n');
  ours.Gauge.prototype.get = own;
  expect(await registry.metrics()).toContain('\nm 1\n');
});

test('what replaced functions set and return is added up over the processes, whoever is asked', async () => {
  const primary = await spawn();
  const workers = await Promise.all([primary.startWorker(), primary.startWorker(), primary.startWorker()]);
  for (const worker of workers) {
    await worker.run(({ Counter, Gauge }) => {
      class Current extends Gauge {
        override get() {
          this.set(7);
          return super.get();
        }
      }
      new Current({ name: 'set', help: 'h' });
      const returned = new Gauge({ name: 'returned', help: 'h', aggregator: 'max' });
      const get = returned.get.bind(returned);
      returned.get = async () => ({ ...(await get()), values: [{ value: 5, labels: {} }] });
      const counter = new Counter({ name: 'some_total', help: 'h', labelNames: ['queue'] });
      counter.inc({ queue: 'mail' }, 2);
      counter.inc({ queue: 'fax' });
      const getAll = counter.get.bind(counter);
      counter.get = async () => {
        const family = await getAll();
        return { ...family, values: family.values.filter(({ labels }) => labels['queue'] !== 'fax') };
      };
    });
  }

  for (const member of [primary, ...workers]) {
    const [text, single, cluster] = await member.run(async ({ register, ClusterRegistry }) => [
      await register.metrics(),
      await register.getSingleMetricAsString('returned'),
      await new ClusterRegistry().clusterMetrics(),
    ]);
    for (const line of ['set 21', 'returned 5', 'some_total{queue="mail"} 6']) {
      expect(`${text}`.split('\n')).toContain(line);
      expect(`${cluster}`.split('\n')).toContain(line);
    }
    expect(text).not.toContain('fax');
    expect(single).toMatch(/\nreturned 5$/);
  }
});

test('a function that is replaced later counts in the scrapes of others after a heartbeat', async () => {
  const primary = await spawn();
  const worker = await primary.startWorker();
  await worker.run(({ Gauge }) => {
    new Gauge({ name: 'late', help: 'h' }).set(1);
  });
  expect(await primary.scrape()).toContain('\nlate 1\n');
  await worker.run(({ register }) => {
    const gauge = register.getSingleMetric('late') as ours.Gauge;
    const get = gauge.get.bind(gauge);
    gauge.get = () => {
      gauge.set(2);
      return get();
    };
  });

  await vi.waitFor(async () => expect(await primary.scrape()).toContain('\nlate 2\n'), 60_000);
});
