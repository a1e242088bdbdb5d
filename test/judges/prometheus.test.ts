import { type ChildProcess, spawn as spawnProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createSocket } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { metricsHandler } from '../../src/http/index';
import { configure, type GroupRegistry, openMetricsContentType, Registry } from '../../src/index';
import { newDirectory } from '../multiprocess/support/directories';
import { type Member, spawn } from '../multiprocess/support/member';

const cleanups: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanups.reverse()) await cleanUp();
});

/** By path; the scraper itself would ask for Protobuf only. */
const formats = {
  text: 'text/plain',
  openmetrics: 'application/openmetrics-text',
  protobuf: undefined,
} as const;
const jobs = Object.keys(formats) as (keyof typeof formats)[];

const latencies = Array.from({ length: 3000 }, (_, i) => 0.05 * Math.exp(1.3 * Math.sin(i * 12.9898)));

test('Prometheus scrapes a group in each format while a process is killed: the same numbers, and no reset', {
  timeout: 90_000,
}, async ({ skip }) => {
  if (spawnSync('prometheus', ['--version']).status !== 0) {
    return skip('prometheus is not installed (Debian: apt-get install prometheus)');
  }
  const directory = newDirectory();
  configure({ dir: directory });
  const port = await serve(new Registry(openMetricsContentType, { name: 'judged' }));
  const query = await startPrometheus(directory, port);
  const members = await Promise.all([startMember(directory), startMember(directory)]);
  const [killed, other] = members as [Member, Member];
  const half = latencies.length / 2;
  await Promise.all(members.map((member, i) => observe(member, latencies.slice(i * half, (i + 1) * half))));
  await everyJobHas(query, latencies.length);
  await killed.kill();
  await observe(other, latencies);
  await everyJobHas(query, 2 * latencies.length);

  for (const job of jobs) {
    expect(await query(`resets(jobs_total{job="${job}"}[5m])`), job).toBe(0);
    expect(await query(`up{job="${job}"}`), job).toBe(1);
    expect(await query(`min_over_time(up{job="${job}"}[5m])`), job).toBe(1);
    expect(await query(`gauge_of_members{job="${job}"}`), job).toBe(1);
  }
  expect(await query('resets(native_seconds{job="protobuf"}[5m])')).toBe(0);
  expect(await query('histogram_count(native_seconds{job="protobuf"})')).toBe(2 * latencies.length);
  const sorted = [...latencies].sort((a, b) => a - b);
  for (const q of [0.5, 0.9, 0.99]) {
    const exact = sorted[Math.ceil(q * sorted.length) - 1] as number;
    const found = (await query(`histogram_quantile(${q}, native_seconds{job="protobuf"})`)) as number;
    // A bucket of schema 3 grows by 9 %.
    expect(Math.abs(found - exact) / exact).toBeLessThan(0.09);
  }
});

async function startMember(directory: string): Promise<Member> {
  const member = await spawn({ directory });
  await member.run(({ Counter, Gauge, Histogram, Registry }) => {
    const registers = [new Registry(Registry.OPENMETRICS_CONTENT_TYPE, { name: 'judged' })];
    new Counter({ name: 'jobs_total', help: 'h', enableExemplars: true, registers });
    new Gauge({ name: 'gauge_of_members', help: 'A "gauge".\n', registers }).set(1);
    const histogram = { help: 'h', registers };
    new Histogram({ name: 'latency_seconds', ...histogram });
    new Histogram({ name: 'native_seconds', buckets: [], nativeHistogramBucketFactor: 1.1, ...histogram });
    (globalThis as { judged?: unknown }).judged = registers[0];
  });
  return member;
}

function observe(member: Member, values: readonly number[]): Promise<void> {
  return member.run(({ Counter, Histogram }, observed: readonly number[]) => {
    const { judged } = globalThis as unknown as { judged: Registry };
    const counter = judged.getSingleMetric('jobs_total') as InstanceType<typeof Counter>;
    const all = ['latency_seconds', 'native_seconds'].map(
      (name) => judged.getSingleMetric(name) as InstanceType<typeof Histogram>,
    );
    for (const value of observed) {
      counter.inc({ value: 1, exemplarLabels: { trace_id: 'x' } });
      for (const histogram of all) histogram.observe(value);
    }
  }, values);
}

async function everyJobHas(query: Query, count: number): Promise<void> {
  await vi.waitFor(
    async () => {
      for (const job of jobs) {
        expect(await query(`jobs_total{job="${job}"}`), job).toBe(count);
        // Prometheus keeps only the exponential buckets of a native histogram, and of the others the classic ones.
        expect(await query(`latency_seconds_count{job="${job}"}`), job).toBe(count);
        expect(await query(`latency_seconds_bucket{job="${job}",le="+Inf"}`), job).toBe(count);
      }
    },
    { timeout: 40_000, interval: 300 },
  );
}

async function serve(registry: GroupRegistry<typeof openMetricsContentType>): Promise<number> {
  const handler = metricsHandler({ registry, openMetrics: true });
  const server: Server = createServer((request, response) => {
    const accept = formats[request.url?.slice(1) as keyof typeof formats];
    if (accept !== undefined) request.headers.accept = accept;
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

type Query = (query: string) => Promise<number | undefined>;

async function startPrometheus(directory: string, port: number): Promise<Query> {
  const ownPort = await freePort();
  const config = join(directory, '..', `prometheus-${process.pid}.yml`);
  const scrapes = jobs.map(
    (job) => `
  - job_name: ${job}
    metrics_path: /${job}
    static_configs: [{ targets: ['127.0.0.1:${port}'] }]`,
  );
  writeFileSync(
    config,
    `global: { scrape_interval: 500ms, scrape_timeout: 450ms }\nscrape_configs:${scrapes.join('')}\n`,
  );
  const child: ChildProcess = spawnProcess(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${newDirectory()}`,
      `--web.listen-address=127.0.0.1:${ownPort}`,
      '--enable-feature=native-histograms,exemplar-storage',
    ],
    { stdio: 'ignore' },
  );
  cleanups.push(async () => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  });
  return async (query) => {
    const url = `http://127.0.0.1:${ownPort}/api/v1/query?query=${encodeURIComponent(query)}`;
    const answer = await fetch(url).catch(() => undefined);
    const body = (await answer?.json().catch(() => undefined)) as
      | { data?: { result?: { value?: [number, string] }[] } }
      | undefined;
    const value = body?.data?.result?.[0]?.value?.[1];
    return value === undefined ? undefined : Number(value);
  };
}

async function freePort(): Promise<number> {
  const socket = createSocket().listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address() as AddressInfo;
  socket.close();
  await once(socket, 'close');
  return port;
}
