import * as judge from 'prom-client';
import { describe, expect, test } from 'vitest';
import * as ours from '../../src/index';
import { spawn } from '../multiprocess/support/member';

type Library = typeof judge;

/** Applications that replace or override the functions by which a registry lists and prints its metrics. */
const applications: Record<string, (library: Library) => judge.Registry> = {
  'a subclass leaves metrics out'({ Registry }) {
    return new (class extends Registry {
      override getMetricsAsArray(): judge.MetricObject[] {
        return super.getMetricsAsArray().filter(({ name }) => !name.startsWith('internal_'));
      }
    })();
  },

  'a function sorts the metrics of the global registry'({ register }) {
    register.clear();
    const list = Object.getPrototypeOf(register).getMetricsAsArray;
    register.getMetricsAsArray = function () {
      return list
        .call(this)
        .sort((a: judge.MetricObject, b: judge.MetricObject) => (a.name < b.name ? -1 : 1));
    };
    return register;
  },

  'a function adds a metric of no registry'({ Registry, Gauge }) {
    const registry = new Registry();
    const other = new Gauge({ name: 'other', help: 'h', registers: [] });
    other.set(7);
    const list = registry.getMetricsAsArray.bind(registry);
    registry.getMetricsAsArray = () => [other as unknown as judge.MetricObject, ...list()];
    return registry;
  },

  'a function lists nothing'({ Registry }) {
    return Object.assign(new Registry(), { getMetricsAsArray: () => [] });
  },

  'a subclass changes the text of each metric'({ Registry }) {
    return new (class extends Registry {
      // prom-client's declarations lack the function.
      async getMetricsAsString(metric: object): Promise<string> {
        const print = (
          Registry.prototype as unknown as { getMetricsAsString(metric: object): Promise<string> }
        ).getMetricsAsString;
        return (await print.call(this, metric)).replace(/^# HELP.*\n/, '');
      }
    })();
  },
};

describe.each(Object.entries(applications))('%s', (_, registryOf) => {
  test('and each exposition has the same lines as in prom-client', async () => {
    const shown: unknown[] = [];
    for (const library of [ours as unknown as Library, judge]) {
      const registry = registryOf(library);
      for (const name of ['z', 'internal_x', 'a']) {
        new library.Gauge({ name, help: 'h', registers: [registry] }).set(1);
      }
      const objects = JSON.stringify(await registry.getMetricsAsJSON());
      shown.push([await registry.metrics(), await registry.getSingleMetricAsString('a'), objects]);
      Reflect.deleteProperty(registry, 'getMetricsAsArray');
    }
    expect(shown[0]).toEqual(shown[1]);
  });
});

test('a list that was filtered and sorted shows the sums of all processes', async () => {
  const primary = await spawn();
  const workers = await Promise.all([primary.startWorker(), primary.startWorker()]);
  for (const worker of workers) {
    await worker.run(({ Counter, register }) => {
      for (const name of ['z_total', 'secret_total', 'a_total']) new Counter({ name, help: 'h' }).inc(2);
      const list = register.getMetricsAsArray;
      register.getMetricsAsArray = function () {
        const listed = list.call(this).filter(({ name }) => name !== 'secret_total');
        return listed.sort((a, b) => (a.name < b.name ? -1 : 1));
      };
    });
  }
  const [text, bytes] = await (workers[0] as (typeof workers)[0]).run(async ({ register }) => [
    await register.metrics(),
    `${await register.getMetricsAsBuffer()}`,
  ]);

  expect(text).toBe(
    '# HELP a_total h\n# TYPE a_total counter\na_total 4\n\n# HELP z_total h\n# TYPE z_total counter\nz_total 4\n',
  );
  expect(bytes).toBe(text);
});
