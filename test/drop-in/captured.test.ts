import * as judge from 'prom-client';
import { expect, test } from 'vitest';
import * as ours from '../../src/index';

type Library = typeof judge;

/** Metrics whose `collect` functions, where they have one, return no Promise: prom-client reads them in the turn of the call. */
function filled(library: Library, registry: judge.Registry): void {
  const options = { help: 'h', registers: [registry] };
  const labelNames = ['a'];
  new library.Counter({ ...options, name: 'c' }).inc(2);
  new library.Counter({ ...options, name: 'labelled', labelNames }).inc({ a: 'x' });
  new library.Gauge({ ...options, name: 'g' }).set(3);
  new library.Histogram({ ...options, name: 'h', labelNames, buckets: [1] }).observe({ a: 'x' }, 2);
  new library.Summary({ ...options, name: 's', percentiles: [] }).observe(4);
  new library.Gauge({
    ...options,
    name: 'collected',
    collect() {
      this.set(5);
    },
  });
}

const readings: [string, (registry: judge.Registry) => Promise<unknown>][] = [
  ['getMetricsAsJSON()', (registry) => registry.getMetricsAsJSON()],
  ['metrics() of a registry that only this thread has', (registry) => registry.metrics()],
  [
    'get()',
    (registry) =>
      Promise.all(
        ['c', 'labelled', 'g', 'h', 's', 'collected'].map((name) => registry.getSingleMetric(name)?.get()),
      ),
  ],
];

test.each(readings)('%s has the numbers that were there when it was called', async (name, read) => {
  const shown: unknown[] = [];
  for (const library of [ours as unknown as Library, judge]) {
    const isPrivate = name.startsWith('metrics()');
    const Registry = library.Registry as unknown as new (type?: string, options?: object) => judge.Registry;
    const registry = new Registry(undefined, isPrivate ? { shared: false } : { name });
    filled(library, registry);
    const before = read(registry);
    registry.resetMetrics();
    const cleared = read(registry);
    registry.clear();
    shown.push([await before, await cleared]);
  }
  expect(shown[0]).toEqual(shown[1]);
});

test('the error of a collect function rejects, and the others run all the same', async () => {
  const shown: unknown[] = [];
  for (const { Gauge, Registry } of [ours as unknown as Library, judge]) {
    const registry = new Registry();
    const run: string[] = [];
    for (const name of ['one', 'two', 'three']) {
      new Gauge({
        name,
        help: 'h',
        registers: [registry],
        collect() {
          run.push(name);
          if (name === 'two') throw new Error('two failed');
        },
      });
    }
    const errors = [registry.metrics(), registry.getMetricsAsJSON(), registry.getSingleMetric('two')?.get()];
    shown.push([await Promise.allSettled(errors), run]);
  }
  expect(shown[0]).toEqual(shown[1]);
});
