import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { AggregatorRegistry } from 'prom-client';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { AggregatorRegistry as Ours } from '../../src/index';
import { newDirectory, segmentsIn } from './support/directories';
import { valuesOf } from './support/exposition';
import { type Member, spawn } from './support/member';

describe('getMetricsAsJSON()', () => {
  test('is the share of a process, so that who adds the processes up counts each update once', async () => {
    const { primary, workers } = await cluster();
    const messages = await Promise.all(
      workers.map((worker) => worker.run(({ register }) => register.getMetricsAsJSON())),
    );

    for (const aggregate of [AggregatorRegistry.aggregate, Ours.aggregate]) {
      const values = valuesOf(await aggregate(messages as never).metrics());
      expect(values.get('jobs_total{}')).toBe(30);
      expect(values.get('seconds_count{queue="mail"}')).toBe(3);
    }
    // Messages of an IPC channel or of a cache are JSON.
    const sent = messages.map((message) => JSON.parse(JSON.stringify(message)));
    expect(valuesOf(await Ours.aggregate(sent).metrics()).get('seconds_sum{queue="mail"}')).toBe(6);
    expect(await primary.run(({ register }) => register.getMetricsAsJSON())).toEqual([]);
  });

  test('has default labels, and the values of collect functions', async () => {
    const { workers } = await cluster();
    const families = await workers[0]?.run(({ Gauge, register }) => {
      register.setDefaultLabels({ app: 'shop' });
      new Gauge({
        name: 'collected',
        help: 'h',
        collect() {
          this.set(4);
        },
      });
      return register.getMetricsAsJSON();
    });

    const values = families?.map(({ name, values }) => [name, values[0]]);
    expect(values).toContainEqual(['jobs_total', { labels: { app: 'shop' }, value: 10 }]);
    expect(values).toContainEqual(['collected', { labels: { app: 'shop' }, value: 4 }]);
  });

  test('of a worker thread has what this thread has counted', async () => {
    const main = await spawn();
    const threads = await Promise.all([main.startThread(), main.startThread()]);
    for (const thread of threads) await count(thread);
    const lists = await Promise.all(
      [main, ...threads].map((member) => member.run(({ register }) => register.getMetricsAsJSON())),
    );

    expect(valuesOf(await Ours.aggregate(lists).metrics()).get('jobs_total{}')).toBe(20);
  });

  test('leaves the group to getGroupMetricsAsJSON(), as the merge has it', async () => {
    const { primary, workers } = await cluster();
    for (const member of [primary, ...workers]) {
      const families = await member.run(({ register }) => register.getGroupMetricsAsJSON());
      const jobs = families.find(({ name }) => name === 'jobs_total');
      expect(jobs).toEqual({
        name: 'jobs_total',
        help: 'h',
        type: 'counter',
        aggregator: 'sum',
        values: [{ labels: {}, value: 30 }],
      });
    }
    const none = await workers[0]?.run(({ register }) => register.getGroupMetricsAsJSON('max'));
    expect(none).toEqual([]);
  });
});

describe('a Pushgateway', () => {
  test('gets the share of each process that pushes, and the group where it is told', async () => {
    const { workers } = await cluster();
    const bodies = new Map<string, string>();
    const server = createServer(async (request, response) => {
      bodies.set(request.url ?? '', await text(request));
      response.end();
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const [i, worker] of workers.entries()) {
      await worker.run(
        async ({ Pushgateway }, { gateway, instance }) => {
          await new Pushgateway(gateway).push({ jobName: 'a', groupings: { instance } });
          if (instance === '0') await new Pushgateway(gateway, { group: true }).push({ jobName: 'all' });
        },
        { gateway: url, instance: `${i}` },
      );
    }

    const pushed = [0, 1, 2].map((i) => valuesOf(bodies.get(`/metrics/job/a/instance/${i}`) ?? ''));
    expect(pushed.map((values) => values.get('jobs_total{}'))).toEqual([10, 10, 10]);
    expect(valuesOf(bodies.get('/metrics/job/all') ?? '').get('jobs_total{}')).toBe(30);
  });
});

describe("the view 'process'", () => {
  const env = { PROM_CLIENT_MMAP_VIEW: 'process' };

  test('shows a process with all its threads, and clusterMetrics() the group', async () => {
    const { primary, workers } = await cluster({ env });
    const [worker, ...others] = workers;
    const [thread, other] = await Promise.all([worker.startThread(), worker.startThread()]);
    await count(thread);
    await count(other);

    for (const [member, jobs] of [
      [worker, 30],
      [thread, 30],
      [others[0], 10],
      [others[1], 10],
    ] as const) {
      const shown = await member.run(async ({ register, ClusterRegistry }) => ({
        text: await register.metrics(),
        bytes: `${await register.getMetricsAsBuffer()}`,
        single: await register.getSingleMetricAsString('jobs_total'),
        cluster: await new ClusterRegistry().clusterMetrics(),
        group: await register.metrics({ view: 'group' }),
        own: await register.metrics({ view: 'thread' }),
      }));
      expect(valuesOf(shown.text).get('jobs_total{}')).toBe(jobs);
      expect(shown.bytes).toBe(shown.text);
      expect(shown.single).toMatch(new RegExp(`\njobs_total ${jobs}$`));
      expect(valuesOf(shown.cluster).get('jobs_total{}')).toBe(50);
      expect(valuesOf(shown.group).get('jobs_total{}')).toBe(50);
      expect(valuesOf(shown.own).get('jobs_total{}')).toBe(10);
    }
    expect(await primary.scrape()).toBe('\n');
    const apart = await worker.run(({ register }) => register.metrics({ perProcess: true }));
    const pids = [...valuesOf(apart).keys()].filter((key) => key.startsWith('jobs_total'));
    expect(pids).toHaveLength(3);
  });

  test('asks the threads of the process alone to collect', async () => {
    const { workers } = await cluster({ env: { ...env, PROM_CLIENT_MMAP_COLLECT_DEADLINE_MS: '5000' } });
    const [worker, other] = workers;
    const thread = await worker.startThread();
    for (const member of [worker, thread, other]) {
      await member.run(({ Gauge }) => {
        new Gauge({
          name: 'collects',
          help: 'h',
          collect() {
            this.inc();
          },
        });
      });
    }

    expect(valuesOf(await worker.scrape()).get('collects{}')).toBe(2);
    const own = await other.run(({ register }) => register.metrics({ view: 'thread' }));
    expect(valuesOf(own).get('collects{}')).toBe(1);
  });

  test('keeps the counts of threads that have ended, over compactions', async () => {
    const directory = newDirectory();
    const [member, dying] = await Promise.all([spawn({ directory, env }), spawn({ directory, env })]);
    const thread = await member.startThread();
    await count(member);
    await count(thread);
    await count(dying);
    await thread.kill();
    expect(valuesOf(await member.scrape()).get('jobs_total{}')).toBe(20);
    await dying.kill();
    const whole = () => member.run(({ ClusterRegistry }) => new ClusterRegistry().clusterMetrics());

    // The other process is compacted, so the thread could have been.
    await vi.waitFor(async () => {
      expect(valuesOf(await whole()).get('jobs_total{}')).toBe(30);
      expect(readFileSync(join(directory, 'archive'))).toBeDefined();
      expect(segmentsIn(directory)).toHaveLength(2);
    });
    expect(valuesOf(await member.scrape()).get('jobs_total{}')).toBe(20);
    expect(valuesOf(await member.scrape()).has('busy{}')).toBe(true);
    const removal = await member.run(({ register }) => register.removeFromGroup('busy', {}));
    expect(removal).toEqual({ late: 0 });
    expect(valuesOf(await member.scrape()).get('jobs_total{}')).toBe(20);
  });
});

test('without the addon or sharing, all views show this process', async () => {
  const member = await spawn({ env: { PROM_CLIENT_MMAP_SHARED: '0' } });
  await count(member);
  const texts = await member.run(({ register }) =>
    Promise.all((['group', 'process', 'thread'] as const).map((view) => register.metrics({ view }))),
  );

  for (const shown of texts) expect(valuesOf(shown).get('jobs_total{}')).toBe(10);
});

async function cluster(options: Parameters<typeof spawn>[0] = {}) {
  const primary = await spawn(options);
  const started = [primary.startWorker(), primary.startWorker(), primary.startWorker()] as const;
  const workers = await Promise.all(started);
  for (const worker of workers) await count(worker);
  return { primary, workers };
}

function count(member: Member): Promise<void> {
  return member.run(({ Counter, Gauge, Histogram }) => {
    new Counter({ name: 'jobs_total', help: 'h' }).inc(10);
    new Gauge({ name: 'busy', help: 'h' }).set(1);
    const seconds = new Histogram({ name: 'seconds', help: 'h', labelNames: ['queue'], buckets: [1] });
    seconds.observe({ queue: 'mail' }, 2);
  });
}
