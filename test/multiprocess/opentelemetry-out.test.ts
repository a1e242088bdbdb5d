import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { hasPrometheus, missingPrometheus, Prometheus } from '../cli/support/prometheus';
import { freePort } from '../third-party/free-port';
import { newDirectory } from './support/directories';
import { type Member, root, spawn } from './support/member';

/** The parts of a request by OTLP that are looked at. */
interface Pushed {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeMetrics: readonly {
      readonly scope: { readonly name: string; readonly version?: string };
      readonly metrics: readonly PushedMetric[];
    }[];
  }[];
}

interface PushedMetric {
  readonly name: string;
  readonly unit: string;
  readonly sum?: { readonly dataPoints: readonly Point[]; readonly isMonotonic: boolean };
  readonly gauge?: { readonly dataPoints: readonly Point[] };
  readonly histogram?: { readonly dataPoints: readonly Point[] };
  readonly exponentialHistogram?: { readonly dataPoints: readonly Point[] };
}

interface Point {
  readonly attributes: readonly Attribute[];
  readonly startTimeUnixNano: string;
  readonly asDouble?: number;
  readonly count?: number;
  readonly sum?: number;
  readonly bucketCounts?: readonly number[];
  readonly explicitBounds?: readonly number[];
  readonly scale?: number;
  readonly positive?: { readonly offset: number; readonly bucketCounts: readonly number[] };
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

let collector: Server | undefined;

afterEach(() => {
  collector?.closeAllConnections();
  collector?.close();
});

/** A collector that takes OTLP by HTTP with JSON, and its requests. */
async function startCollector(): Promise<{ url: string; requests: { pid: number; body: Pushed }[] }> {
  const requests: { pid: number; body: Pushed }[] = [];
  collector = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Pushed;
    requests.push({ pid: Number(request.headers['x-pid']), body });
    response.setHeader('content-type', 'application/json').end('{}');
  });
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  return { url: `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/metrics`, requests };
}

interface Pushing {
  meter: import('../../src/opentelemetry').Meter;
}

/** Processes with a meter and a reader of the SDK that pushes every 100 ms. */
async function startMembers(directory: string, url: string, count: number): Promise<Member[]> {
  const env = { OTEL_SERVICE_NAME: 'shop' };
  const members = await Promise.all(Array.from({ length: count }, () => spawn({ directory, env })));
  for (const member of members) {
    await member.run(
      (_, options) => {
        const load = process.getBuiltinModule('node:module').createRequire(options.from);
        const { MeterProvider, metricProducer } = load(
          'prom-client-mmap/opentelemetry',
        ) as typeof import('../../src/opentelemetry');
        const { PeriodicExportingMetricReader } = load(
          '@opentelemetry/sdk-metrics',
        ) as typeof import('@opentelemetry/sdk-metrics');
        const { OTLPMetricExporter } = load(
          '@opentelemetry/exporter-metrics-otlp-http',
        ) as typeof import('@opentelemetry/exporter-metrics-otlp-http');
        const exporter = new OTLPMetricExporter({ url: options.to, headers: { 'x-pid': `${process.pid}` } });
        const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 100 });
        reader.setMetricProducer(metricProducer());
        const provider = new MeterProvider({
          views: [{ instrument: 'took', histogram: 'exponential' }],
        });
        Object.assign(globalThis, { meter: provider.getMeter('shop.orders', '2.0') });
      },
      { from: `${root}/any.js`, to: url },
    );
  }
  return members;
}

function metricsOf({ resourceMetrics }: Pushed): Map<string, PushedMetric> {
  const metrics = resourceMetrics.flatMap(({ scopeMetrics }) =>
    scopeMetrics.flatMap((scope) => scope.metrics),
  );
  return new Map(metrics.map((metric) => [metric.name, metric]));
}

test('one process pushes the metrics of all by OTLP, with the names of the instruments', async () => {
  const { url, requests } = await startCollector();
  const members = await startMembers(newDirectory(), url, 3);
  for (const member of members) {
    await member.run(({ Counter, Summary }) => {
      const { meter } = globalThis as unknown as Pushing;
      meter.createCounter('http.requests', { unit: '{request}' }).add(2, { 'http.route': '/' });
      meter.createUpDownCounter('requests.active').add(1);
      meter.createGauge('temperature', { unit: 'Cel' }).record(20);
      meter.createHistogram('size', { unit: 'By', advice: { explicitBucketBoundaries: [1, 10] } }).record(5);
      for (const seconds of [0.5, 1, 2]) meter.createHistogram('took', { unit: 's' }).record(seconds);
      new Counter({ name: 'jobs_total', help: 'Jobs.', labelNames: ['queue'] }).inc({ queue: 'mail' }, 4);
      new Summary({ name: 'waits_seconds', help: 'Waits.', percentiles: [0.5] }).observe(1);
    });
  }
  const last = (): Map<string, PushedMetric> => metricsOf(requests.at(-1)?.body as Pushed);
  const point = (name: string): Point | undefined => {
    const { sum, gauge, histogram, exponentialHistogram } = last().get(name) as PushedMetric;
    return (sum ?? gauge ?? histogram ?? exponentialHistogram)?.dataPoints[0];
  };
  await vi.waitFor(() => expect(point('waits_seconds_count')?.asDouble).toBe(3), {
    timeout: 60_000,
    interval: 50,
  });

  expect(last().get('http.requests')).toMatchObject({ unit: '{request}', sum: { isMonotonic: true } });
  expect(point('http.requests')).toMatchObject({
    asDouble: 6,
    attributes: [{ key: 'http.route', value: { stringValue: '/' } }],
  });
  expect(last().get('requests.active')).toMatchObject({ sum: { isMonotonic: false } });
  expect(point('requests.active')?.asDouble).toBe(3);
  expect(last().get('temperature')).toMatchObject({ unit: 'Cel', gauge: {} });
  expect(point('size')).toMatchObject({
    count: 3,
    sum: 15,
    bucketCounts: [0, 3, 0],
    explicitBounds: [1, 10],
  });
  const took = point('took') as Required<Point>;
  expect(took).toMatchObject({ count: 9, sum: 10.5 });
  // 2 powers of two lie between the first bucket and the last: 160 buckets allow 64 for each.
  expect(took.scale).toBe(6);
  expect(took.positive.offset).toBe(-65);
  const counted = took.positive.bucketCounts.flatMap((count, i) => (count > 0 ? [[i, count]] : []));
  expect(counted).toEqual([
    [0, 3],
    [64, 3],
    [128, 3],
  ]);
  expect(point('jobs')).toMatchObject({
    asDouble: 12,
    attributes: [{ key: 'queue', value: { stringValue: 'mail' } }],
  });
  expect(point('waits_seconds')?.attributes).toEqual([{ key: 'quantile', value: { stringValue: '0.5' } }]);
  const [first] = requests.at(-1)?.body.resourceMetrics ?? [];
  expect(first?.resource.attributes).toContainEqual({ key: 'service.name', value: { stringValue: 'shop' } });
  const scopes = first?.scopeMetrics.map(({ scope }) => scope);
  expect(scopes).toContainEqual({ name: 'shop.orders', version: '2.0' });
  expect(last().has('target_info')).toBe(false);
  expect(new Set(requests.map(({ pid }) => pid)).size).toBe(1);
});

test('after a SIGKILL of the process that pushes, another one goes on, without a reset', async () => {
  const { url, requests } = await startCollector();
  const members = await startMembers(newDirectory(), url, 3);
  for (const member of members) {
    await member.run(() => {
      const counter = (globalThis as unknown as Pushing).meter.createCounter('work');
      setInterval(() => counter.add(1), 1);
    });
  }
  const pushers = (): number[] => [...new Set(requests.map(({ pid }) => pid))];
  const points = (): Point[] =>
    requests.flatMap(({ body }) => metricsOf(body).get('work')?.sum?.dataPoints ?? []);
  await vi.waitFor(() => expect(points().length).toBeGreaterThan(5), { timeout: 60_000, interval: 50 });
  expect(pushers()).toHaveLength(1);
  await members.find(({ pid }) => pid === pushers()[0])?.kill();
  const before = points().length;
  await vi.waitFor(() => expect(points().length).toBeGreaterThan(before + 5), {
    timeout: 60_000,
    interval: 50,
  });

  expect(pushers()).toHaveLength(2);
  const values = points().map(({ asDouble }) => asDouble as number);
  expect(values).toEqual([...values].sort((a, b) => a - b));
  expect(new Set(points().map(({ startTimeUnixNano }) => startTimeUnixNano)).size).toBe(1);
});

test('several processes answer at the address of exporter-prometheus, in the format that is asked for', async () => {
  const port = await freePort();
  await startServing(port);
  const scrape = async (accept: string): Promise<{ type: string | null; text: string }> => {
    const headers = { accept, connection: 'close' };
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { headers });
    return { type: answer.headers.get('content-type'), text: await answer.text() };
  };
  const asText = async (): Promise<string> => (await scrape('text/plain')).text;
  await vi.waitFor(async () => expect(await asText()).toContain('took_seconds_count 3'), {
    timeout: 60_000,
    interval: 50,
  });
  const protobuf = await scrape(
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited',
  );

  expect(protobuf.type).toContain('application/vnd.google.protobuf');
  expect(protobuf.text).toContain('took_seconds');
  expect((await scrape('application/openmetrics-text; version=1.0.0')).type).toMatch(/^text\/plain/);
});

test('Prometheus scrapes that address, without a reset when the process dies that answers', async ({
  skip,
}) => {
  if (!hasPrometheus()) return skip(missingPrometheus);
  const port = await freePort();
  const members = await startServing(port);
  for (const member of members) {
    await member.run(() => {
      const { meter } = globalThis as unknown as Pushing;
      const [counter, histogram] = [
        meter.createCounter('work'),
        meter.createHistogram('took', { unit: 's' }),
      ];
      setInterval(() => {
        counter.add(1, { kind: 'a' });
        histogram.record(0.25);
      }, 5);
    });
  }
  const job = { job_name: 'shop', static_configs: [{ targets: [`127.0.0.1:${port}`] }] };
  const prometheus = await Prometheus.start([job], { features: ['native-histograms'] });
  const value = async (query: string): Promise<number> => (await prometheus.query(query))[0]?.value ?? 0;
  const until = (query: string, least: number): Promise<void> =>
    vi.waitFor(async () => expect(await value(query)).toBeGreaterThan(least), {
      timeout: 60_000,
      interval: 200,
    });
  await until('work_total{kind="a"}', 300);
  for (const member of members.slice(0, 2)) await member.kill();
  await until('work_total{kind="a"}', (await value('work_total{kind="a"}')) + 300);

  expect(await value('resets(work_total[5m])')).toBe(0);
  expect(await value('resets(took_seconds[5m])')).toBe(0);
  const median = await value('histogram_quantile(0.5, took_seconds)');
  expect(Math.abs(median - 0.25)).toBeLessThan(0.25 * 0.003);
});

/** Three processes with a meter, and a server at that port which all share. */
async function startServing(port: number): Promise<Member[]> {
  const directory = newDirectory();
  const env = { OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1', OTEL_EXPORTER_PROMETHEUS_PORT: `${port}` };
  const members = await Promise.all([1, 2, 3].map(() => spawn({ directory, env })));
  for (const member of members) {
    await member.run((_, from) => {
      const load = process.getBuiltinModule('node:module').createRequire(from);
      const { MeterProvider } = load(
        'prom-client-mmap/opentelemetry',
      ) as typeof import('../../src/opentelemetry');
      const { startMetricsServer } = load('prom-client-mmap/http') as typeof import('../../src/http/index');
      const provider = new MeterProvider({ scopeLabels: false, histograms: 'exponential' });
      const meter = provider.getMeter('m');
      meter.createHistogram('took', { unit: 's' }).record(0.25);
      Object.assign(globalThis, { meter });
      void startMetricsServer();
    }, `${root}/any.js`);
  }
  return members;
}
