import { closeSync, openSync, stat } from 'node:fs';
import { createServer } from 'node:net';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { collectDefaultMetrics } from '../../src/collectors/default-metrics';
import { Registry } from '../../src/index';
import { parse, valuesOf } from '../multiprocess/support/exposition';

const linuxTest = test.runIf(process.platform === 'linux');

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let registry: Registry;
let stop: () => void;

beforeEach(() => {
  registry = new Registry();
  stop = collectDefaultMetrics({ register: registry, eventLoopUtilizationTimeout: 10 });
});

afterEach(() => stop());

async function values(): Promise<Map<string, number>> {
  return valuesOf(await registry.metrics());
}

async function sample(key: string): Promise<number | undefined> {
  return (await values()).get(key);
}

function burn(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

test('CPU time grows by what the process uses', async () => {
  const cpu = async (): Promise<[user: number, system: number, all: number]> => {
    const found = await values();
    const [user, system, all] = ['user_', 'system_', ''].map((kind) =>
      found.get(`process_cpu_${kind}seconds_total{}`),
    );
    return [user ?? Number.NaN, system ?? Number.NaN, all ?? Number.NaN];
  };
  const outerStart = process.cpuUsage();
  const first = await cpu();
  const innerStart = process.cpuUsage();
  burn(100);
  const inner = process.cpuUsage(innerStart);
  const second = await cpu();
  const outer = process.cpuUsage(outerStart);
  const [user, system, all] = second.map((value, i) => (value - (first[i] as number)) * 1e6) as [
    number,
    number,
    number,
  ];

  expect(user).toBeGreaterThanOrEqual(inner.user - 1);
  expect(user).toBeLessThanOrEqual(outer.user + 1);
  expect(system).toBeGreaterThanOrEqual(inner.system - 1);
  expect(system).toBeLessThanOrEqual(outer.system + 1);
  expect(all).toBeCloseTo(user + system, 0);
});

test('CPU time counts from the call on', async () => {
  burn(50);
  stop();
  stop = collectDefaultMetrics({ register: registry });
  const start = process.cpuUsage();
  const found = await sample('process_cpu_seconds_total{}');
  const { user, system } = process.cpuUsage(start);

  // What the call itself used, and what came until the scrape.
  expect(found).toBeLessThanOrEqual((user + system) / 1e6 + 0.04);
});

test('heap sizes are those of Node', async () => {
  // Again if there was a garbage collection between the two looks.
  await vi.waitFor(async () => {
    const scrape = values();
    const { heapTotal, heapUsed, external } = process.memoryUsage();
    const found = await scrape;

    expectNear(found.get('nodejs_heap_size_total_bytes{}'), heapTotal);
    expectNear(found.get('nodejs_heap_size_used_bytes{}'), heapUsed);
    expectNear(found.get('nodejs_external_memory_bytes{}'), external);
  });
});

test('heap spaces are those of V8', async () => {
  await vi.waitFor(async () => {
    const scrape = values();
    const spaces = getHeapSpaceStatistics().map((space) => ({
      ...space,
      labels: `{space="${space.space_name.replace('_space', '')}"}`,
    }));
    const found = await scrape;
    const total = 'nodejs_heap_space_size_total_bytes';

    expect([...found.keys()].filter((key) => key.startsWith(total))).toEqual(
      spaces.map(({ labels }) => total + labels),
    );
    for (const { labels, ...space } of spaces) {
      expectNear(found.get(total + labels), space.space_size);
      expectNear(found.get(`nodejs_heap_space_size_used_bytes${labels}`), space.space_used_size);
      expectNear(found.get(`nodejs_heap_space_size_available_bytes${labels}`), space.space_available_size);
    }
  });
});

/** Within what a scrape itself takes. */
function expectNear(found: number | undefined, expected: number): void {
  expect(Math.abs((found ?? Number.NaN) - expected)).toBeLessThanOrEqual(0.05 * expected + 2 ** 20);
}

linuxTest('memory is that of the system', async () => {
  const found = await values();
  const resident = found.get('process_resident_memory_bytes{}') ?? Number.NaN;

  expectNear(resident, process.memoryUsage.rss());
  expect(found.get('process_virtual_memory_bytes{}')).toBeGreaterThan(resident);
  expect(found.get('process_heap_bytes{}')).toBeGreaterThan(process.memoryUsage().heapTotal);
});

linuxTest('open file descriptors are counted', async () => {
  const before = (await sample('process_open_fds{}')) ?? Number.NaN;
  const files = Array.from({ length: 20 }, () => openSync('/dev/null', 'r'));
  const after = await sample('process_open_fds{}');
  for (const file of files) closeSync(file);

  expect(after).toBe(before + 20);
  expect(await sample('process_open_fds{}')).toBe(before);
});

test('handles are counted by their class, and go when they are closed', async () => {
  const before = await values();
  const servers = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const during = await values();
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  const key = 'nodejs_active_handles{type="Server"}';

  expect(during.get(key)).toBe((before.get(key) ?? 0) + 3);
  expect(during.get('nodejs_active_handles_total{}')).toBe(sumOfHandles(during));
  await expect.poll(() => sample(key)).toBe(before.get(key));
});

function sumOfHandles(found: ReadonlyMap<string, number>): number {
  const byType = [...found].filter(([key]) => key.startsWith('nodejs_active_handles{'));
  return byType.reduce((sum, [, value]) => sum + value, 0);
}

test('requests are counted by their class, and go when they are done', async () => {
  const done = new Promise((resolve) => stat('.', resolve));
  // Collected before anything is waited for.
  const during = await values();
  await done;
  await turn();
  const key = 'nodejs_active_requests{type="FSReqCallback"}';

  expect(during.get(key)).toBeGreaterThanOrEqual(1);
  expect(during.get('nodejs_active_requests_total{}')).toBeGreaterThanOrEqual(1);
  await expect.poll(() => sample(key)).toBeUndefined();
});

test('resources are counted by their kind', async () => {
  const key = 'nodejs_active_resources{type="Timeout"}';
  const before = (await sample(key)) ?? 0;
  const timers = Array.from({ length: 5 }, () => setTimeout(() => undefined, 60_000));
  const during = (await sample(key)) ?? 0;
  for (const timer of timers) clearTimeout(timer);

  // Those of the test runner come and go.
  expect(during - before).toBeGreaterThanOrEqual(4);
  expect(process.getActiveResourcesInfo()).not.toContain('PerformanceObserver');
});

test('a blocked event loop shows in its lag and its utilization', async () => {
  await expect.poll(() => sample('nodejs_eventloop_utilization_histogram_count{}')).toBeGreaterThan(0);
  const before = (await sample('nodejs_eventloop_utilization_histogram_count{}')) ?? Number.NaN;
  const delays = monitorEventLoopDelay({ resolution: 10 });
  delays.enable();
  onTestFinished(() => void delays.disable());
  await expect.poll(() => delays.count).toBeGreaterThan(0);
  burn(200);
  await expect.poll(() => delays.max).toBeGreaterThan(0.15e9);

  expect(await sample('nodejs_eventloop_lag_max_seconds{}')).toBeGreaterThan(0.15);
  await expect
    .poll(() => sample('nodejs_eventloop_utilization_histogram_count{}'))
    .toBeGreaterThanOrEqual(before + 20);
  const found = await values();

  // One observation for each interval of 10 ms that was missed.
  expect(found.get('nodejs_eventloop_utilization_summary{quantile="0.999"}')).toBeGreaterThan(0.9);
  expect(found.get('nodejs_eventloop_utilization_summary_count{}')).toBe(
    found.get('nodejs_eventloop_utilization_histogram_count{}'),
  );
});

test('scrapes that follow each other closely show the last lag, and never what is no time', async () => {
  await expect.poll(() => sample('nodejs_eventloop_lag_min_seconds{}')).toBeGreaterThan(0);
  for (let i = 0; i < 20; i++) {
    const lags = parse(await registry.metrics()).filter(({ name }) =>
      name.startsWith('nodejs_eventloop_lag_'),
    );
    const found = Object.fromEntries(lags.map(({ name, samples }) => [name.slice(21), samples[0]?.value]));

    expect(lags).toHaveLength(8);
    for (const lag of Object.values(found)) expect(lag).toBeLessThan(10);
    expect(found['min_seconds']).toBeGreaterThan(0);
    expect(found['mean_seconds']).toBeGreaterThanOrEqual(found['min_seconds'] as number);
    expect(found['mean_seconds']).toBeLessThanOrEqual(found['max_seconds'] as number);
  }
});

test('every garbage collection is counted, by its kind', async () => {
  let major = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if ((entry as unknown as { detail: { kind: number } }).detail.kind === 4) major++;
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  onTestFinished(() => observer.disconnect());
  const before = (await sample('nodejs_gc_duration_seconds_count{kind="major"}')) ?? 0;
  // Several before the first is reported.
  for (let i = 0; i < 5; i++) collectGarbage();
  await expect.poll(() => major).toBeGreaterThanOrEqual(5);
  const found = await values();

  expect(found.get('nodejs_gc_duration_seconds_count{kind="major"}')).toBe(before + major);
  expect(found.get('nodejs_gc_duration_seconds_sum{kind="major"}')).toBeGreaterThan(0);
  expect(found.get('nodejs_gc_duration_seconds_sum{kind="major"}')).toBeLessThan(5);
});

test('after resetMetrics() all that is read at a scrape is there again', async () => {
  const keys = async (): Promise<string[]> =>
    [...(await values()).keys()].filter((key) => !/gc_duration|utilization|active_/.test(key));
  const before = await keys();
  registry.resetMetrics();

  expect(await keys()).toEqual(before);
});
