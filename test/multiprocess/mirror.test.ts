import type { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { newDirectory } from './support/directories';
import { valuesOf } from './support/exposition';
import { type Member, root, spawn } from './support/member';

test('private registries of a real prom-client are merged over the group, and outlive their processes', async () => {
  const [one, two] = await twoMembers();
  await count(one, 2);
  await count(two, 5);

  for (const member of [one, two]) {
    const values = valuesOf(await member.scrape());
    expect(Object.fromEntries(values)).toEqual({
      'jobs_total{}': 7,
      'calls_total{route="/a"}': 7,
      'calls_total{pid="2",route="/b"}': 2,
      'calls_total{pid="5",route="/b"}': 5,
      'busy{}': 7,
      'size_bytes_bucket{le="1"}': 0,
      'size_bytes_bucket{le="3"}': 1,
      'size_bytes_bucket{le="+Inf"}': 2,
      'size_bytes_sum{}': 7,
      'size_bytes_count{}': 2,
      'wait_seconds_sum{kind="x"}': 7,
      'wait_seconds_count{kind="x"}': 2,
    });
  }

  await two.kill();
  const values = valuesOf(await one.scrape());
  expect(values.get('jobs_total{}')).toBe(7);
  expect(values.get('size_bytes_bucket{le="+Inf"}')).toBe(2);
  expect(values.get('wait_seconds_sum{kind="x"}')).toBe(7);
  expect(values.get('busy{}')).toBe(2);
});

test('what is made, changed and removed there is so here with the next scrape of any process', async () => {
  const [one, two] = await twoMembers();
  await mirrorOf(one);
  expect(valuesOf(await two.scrape()).size).toBe(0);
  await one.run(() => {
    const { Counter, Gauge, registry } = (globalThis as unknown as Foreign).foreign;
    new Counter({ name: 'a_total', help: 'h', labelNames: ['x', 'y'], registers: [registry] }).inc({ x: 1 });
    new Gauge({ name: 'b', help: 'h', registers: [registry] }).set(3);
  });
  const first = await two.scrape();
  await one.run(() => {
    const { registry } = (globalThis as unknown as Foreign).foreign;
    (registry.getSingleMetric('a_total') as import('prom-client').Counter).inc({ x: 1, y: 2 });
    registry.removeSingleMetric('b');
  });
  const second = await two.scrape();
  await one.run(() => {
    const { registry } = (globalThis as unknown as Foreign).foreign;
    registry.getSingleMetric('a_total')?.remove({ x: 1 });
  });

  expect(Object.fromEntries(valuesOf(first))).toEqual({ 'a_total{x="1"}': 1, 'b{}': 3 });
  expect(Object.fromEntries(valuesOf(second))).toEqual({ 'a_total{x="1"}': 1, 'a_total{x="1",y="2"}': 1 });
  expect(Object.fromEntries(valuesOf(await two.scrape()))).toEqual({ 'a_total{x="1",y="2"}': 1 });

  await one.run(() => (globalThis as unknown as Foreign).foreign.stop());
  expect(await two.scrape()).toBe('\n');
});

interface Foreign {
  foreign: typeof import('prom-client') & { registry: Registry; stop: () => void };
}

function twoMembers(): Promise<[Member, Member]> {
  const directory = newDirectory();
  return Promise.all([spawn({ directory }), spawn({ directory })]);
}

/** Mirrors an empty registry of the real prom-client. */
function mirrorOf(member: Member): Promise<void> {
  return member.run((library, from) => {
    const client = process.getBuiltinModule('node:module').createRequire(from)(
      'prom-client',
    ) as typeof import('prom-client');
    const registry = new client.Registry();
    const stop = library.mirror(registry);
    (globalThis as unknown as Foreign).foreign = { ...client, registry, stop };
  }, `${root}/package.json`);
}

async function count(member: Member, n: number): Promise<void> {
  await mirrorOf(member);
  await member.run((_library, by) => {
    const { Counter, Gauge, Histogram, Summary, registry } = (globalThis as unknown as Foreign).foreign;
    const registers = [registry];
    new Counter({ name: 'jobs_total', help: 'h', registers }).inc(by);
    const calls = new Counter({ name: 'calls_total', help: 'h', labelNames: ['route', 'pid'], registers });
    calls.inc({ route: '/a' }, by);
    calls.inc({ route: '/b', pid: by }, by);
    new Gauge({ name: 'busy', help: 'h', registers }).set(by);
    new Histogram({ name: 'size_bytes', help: 'h', buckets: [1, 3], registers }).observe(by);
    new Summary({ name: 'wait_seconds', help: 'h', labelNames: ['kind'], registers }).observe(
      { kind: 'x' },
      by,
    );
  }, n);
}
