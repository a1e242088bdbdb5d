import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, test, vi } from 'vitest';
import { metricsHandler } from '../../src/http/index';
import { configure, type GroupRegistry, openMetricsContentType, Registry } from '../../src/index';
import { newDirectory } from '../multiprocess/support/directories';
import { type Member, spawn } from '../multiprocess/support/member';
import { missingPrometheus, Prometheus } from './prometheus';

const cleanups: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanups.reverse()) await cleanUp();
});

/** The media types of the jobs. The scraper itself asks for Protobuf first. */
const formats = {
  text: 'text/plain',
  openmetrics: 'application/openmetrics-text',
  protobuf: 'application/vnd.google.protobuf',
} as const;
type Job = keyof typeof formats;
const jobs = Object.keys(formats) as Job[];

/** Observation `i` of the process of that number. */
const observation = (process: number, i: number): number =>
  0.05 * Math.exp(1.3 * Math.sin(i * 12.9898 + process));

test('Prometheus scrapes a cluster under load in each format while a process is killed: all numbers, no reset, exemplars and names', async ({
  skip,
}) => {
  const missing = missingPrometheus();
  if (missing !== undefined) return skip(missing);
  const directory = newDirectory();
  configure({ dir: directory });
  const registry: GroupRegistry<typeof openMetricsContentType> = new Registry(openMetricsContentType, {
    name: 'judged',
  });
  const prometheus = await Prometheus.start(newDirectory(), await serve(registry), jobs);
  cleanups.push(() => prometheus.stop());
  const members = await Promise.all([0, 1, 2].map((number) => startMember(directory, number)));
  const [killed, ...others] = members as [Member, Member, Member];
  await everyJobHas(prometheus, (count) => count > 500);
  await killed.kill();
  const atDeath = (await prometheus.value('jobs_total{job="text"}')) as number;
  await everyJobHas(prometheus, (count) => count > atDeath + 500);
  const counts = await Promise.all(others.map(endLoad));
  const totals = await totalsOf(registry);
  await everyJobHas(prometheus, (count, metric) => count === totals[metric]);
  counts.unshift(totals.native_seconds - counts.reduce((sum, count) => sum + count));

  const observed = counts.flatMap((count, number) =>
    Array.from({ length: count }, (_, i) => observation(number, i)),
  );
  observed.sort((a, b) => a - b);
  for (const job of jobs) await expectSound(prometheus, job, observed);
  expect(await prometheus.value('resets(native_seconds{job="protobuf"}[5m])')).toBe(0);
  expect(await prometheus.value('histogram_count(native_seconds{job="protobuf"})')).toBe(
    totals.native_seconds,
  );
  for (const q of [0.5, 0.9, 0.99]) {
    const exact = quantileOf(observed, q);
    const found = await prometheus.value(`histogram_quantile(${q}, native_seconds{job="protobuf"})`);
    // A bucket of schema 3 grows by 9 %.
    expect(Math.abs((found as number) - exact) / exact).toBeLessThan(0.09);
  }
});

async function expectSound(prometheus: Prometheus, job: Job, observed: readonly number[]): Promise<void> {
  for (const name of [
    'jobs_total',
    'latency_seconds_count',
    'latency_seconds_sum',
    'latency_seconds_bucket',
  ]) {
    expect(await prometheus.value(`max(resets(${name}{job="${job}"}[5m]))`), `${name} ${job}`).toBe(0);
  }
  // A busy machine may answer too late; an exposition that is refused has come in time.
  const refused = `up{job="${job}"} == 0 and scrape_duration_seconds{job="${job}"} < 0.4`;
  expect(await prometheus.value(`count_over_time((${refused})[5m:500ms])`), job).toBeUndefined();
  expect(await prometheus.value(`gauge_of_members{job="${job}"}`), job).toBe(2);
  // By default these names are legal since version 3, which asks for them.
  const names =
    prometheus.version >= 3 ? '{"http.members","service.name"="a"' : 'http_members{service_name="a"';
  expect(await prometheus.value(`${names},job="${job}"}`), job).toBe(2);
  for (const q of [0.5, 0.9, 0.99]) {
    const found = (await prometheus.value(
      `histogram_quantile(${q}, sum by (le) (latency_seconds_bucket{job="${job}"}))`,
    )) as number;
    expect(bucketOf(found), `${q} ${job}`).toBe(bucketOf(quantileOf(observed, q)));
  }
  // The text format has no exemplars.
  for (const query of ['jobs_total', 'latency_seconds_bucket']) {
    const traces = await prometheus.exemplars(`${query}{job="${job}"}`);
    expect(new Set(traces.map(({ trace_id }) => trace_id)), `${query} ${job}`).toEqual(
      new Set(job === 'text' ? [] : ['x']),
    );
  }
}

function quantileOf(sorted: readonly number[], q: number): number {
  return sorted[Math.ceil(q * sorted.length) - 1] as number;
}

/** The number of default bounds below the value. An estimate is somewhere in the bucket of the quantile. */
function bucketOf(value: number): number {
  return [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10].filter((bound) => bound < value).length;
}

/** A process that observes 40 values every 10 ms. */
async function startMember(directory: string, number: number): Promise<Member> {
  const member = await spawn({ directory });
  await member.run(({ Counter, Gauge, Histogram, Registry }, process: number) => {
    const registers = [new Registry(Registry.OPENMETRICS_CONTENT_TYPE, { name: 'judged' })];
    const exemplars = { help: 'h', enableExemplars: true, registers };
    const counter = new Counter({ name: 'jobs_total', ...exemplars });
    new Gauge({ name: 'gauge_of_members', help: 'A "gauge".\n', aggregator: 'sum', registers }).set(1);
    const named = { name: 'http.members', labelNames: ['service.name'], nameValidation: 'utf8' as const };
    new Gauge({ ...named, help: 'h', aggregator: 'sum', registers }).set({ 'service.name': 'a' }, 1);
    const classic = new Histogram({ name: 'latency_seconds', ...exemplars });
    const native = { buckets: [], nativeHistogramBucketFactor: 1.1 };
    const histogram = new Histogram({ name: 'native_seconds', help: 'h', registers, ...native });
    const load = { count: 0, timer: undefined as unknown };
    load.timer = setInterval(() => {
      for (let i = 0; i < 40; i++) {
        const value = 0.05 * Math.exp(1.3 * Math.sin(load.count++ * 12.9898 + process));
        histogram.observe(value);
        classic.observe({ labels: {}, value, exemplarLabels: { trace_id: 'x' } });
        counter.inc({ value: 1, exemplarLabels: { trace_id: 'x' } });
      }
    }, 10);
    Object.assign(globalThis, { load });
  }, number);
  return member;
}

/** The number of observations. */
function endLoad(member: Member): Promise<number> {
  return member.run(() => {
    const { load } = globalThis as unknown as { load: { count: number; timer: NodeJS.Timeout } };
    clearInterval(load.timer);
    return load.count;
  });
}

type Metric = 'jobs_total' | 'latency_seconds' | 'native_seconds';

/** Those of all processes. The killed one may have been between two metrics. */
async function totalsOf(
  registry: GroupRegistry<typeof openMetricsContentType>,
): Promise<Readonly<Record<Metric, number>>> {
  const text = await registry.metrics();
  const totalOf = (sample: string): number => Number(new RegExp(`^${sample} (\\d+)`, 'm').exec(text)?.[1]);
  const totals = {
    jobs_total: totalOf('jobs_total'),
    latency_seconds: totalOf('latency_seconds_count'),
    native_seconds: totalOf('native_seconds_count'),
  };
  expect(totals.native_seconds - totals.latency_seconds).toBeOneOf([0, 1]);
  expect(totals.native_seconds - totals.jobs_total).toBeOneOf([0, 1]);
  return totals;
}

async function everyJobHas(
  prometheus: Prometheus,
  isEnough: (count: number, metric: Metric) => boolean,
): Promise<void> {
  // Prometheus keeps only the exponential buckets of a native histogram, and of the others the classic ones.
  const queries: readonly (readonly [Metric, string])[] = [
    ['jobs_total', 'jobs_total'],
    ['latency_seconds', 'latency_seconds_count'],
    ['latency_seconds', 'latency_seconds_bucket{le="+Inf"}'],
  ];
  await vi.waitFor(
    async () => {
      for (const job of jobs) {
        for (const [metric, query] of queries) {
          const count = await prometheus.value(`${query} and on(job) up{job="${job}"}`);
          expect(count !== undefined && isEnough(count, metric), `${query} ${job} ${count}`).toBe(true);
        }
      }
    },
    { timeout: 60_000, interval: 300 },
  );
}

/** Each job gets the format of its path, as far as the scraper asks for that. */
async function serve(registry: GroupRegistry<typeof openMetricsContentType>): Promise<number> {
  const handler = metricsHandler({ registry, openMetrics: true });
  const server: Server = createServer((request, response) => {
    const type = formats[request.url?.slice(1) as Job];
    const clauses = request.headers.accept?.split(',') ?? [];
    if (type !== formats.protobuf)
      request.headers.accept = clauses.filter((clause) => clause.startsWith(type)).join();
    void handler(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}
