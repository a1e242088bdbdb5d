import { join } from 'node:path';
import { expect, test } from 'vitest';
import { installedCopy } from './support/directories';
import { parse, valuesOf } from './support/exposition';
import { type Member, spawn } from './support/member';

/** A scrape may wait for all others for as long as it takes: the machine of a test is a busy one. */
const patient = { collectDeadlineMs: 10_000 };

async function collecting(member: Member, config: object = {}): Promise<Member> {
  await member.run(
    ({ collectDefaultMetrics, configure }, options) => {
      configure(options.patient);
      Reflect.set(globalThis, 'stop', collectDefaultMetrics(options.config));
    },
    { patient, config },
  );
  return member;
}

/** A primary that collects nothing, and three workers that collect. */
async function startCluster(
  config: object = {},
): Promise<{ primary: Member; workers: [Member, Member, Member] }> {
  const primary = await spawn();
  await primary.run(({ configure }, options) => configure(options), patient);
  const worker = async (): Promise<Member> => collecting(await primary.startWorker(), config);
  return { primary, workers: await Promise.all([worker(), worker(), worker()]) };
}

async function valuesFrom(member: Member): Promise<Map<string, number>> {
  return valuesOf(await member.scrape());
}

function burn(member: Member, milliseconds: number): Promise<number> {
  return member.run((_, duration) => {
    const before = process.cpuUsage();
    const used = (): number => {
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1e3;
    };
    while (used() < duration);
    return used() / 1e3;
  }, milliseconds);
}

/** What `process_max_fds` is for one process: a gauge that differs by no process, so that its sum tells their number. */
async function descriptorLimit(member: Member): Promise<number> {
  const limits = await member.run(() =>
    process.getBuiltinModule('node:fs').readFileSync('/proc/self/limits', 'utf8'),
  );
  return Number(/^Max open files +(\d+)/m.exec(limits)?.[1]);
}

function rss(member: Member): Promise<number> {
  return member.run(() => process.memoryUsage.rss());
}

test('any process of a cluster shows the default metrics of all workers, merged', async () => {
  const { primary, workers } = await startCluster();
  const limit = await descriptorLimit(primary);
  for (const member of [...workers, primary]) {
    const text = await member.scrape();
    const values = valuesOf(text);
    const resident = await Promise.all(workers.map(rss));
    const all = resident.reduce((sum, bytes) => sum + bytes);

    expect(parse(text)).toHaveLength(33 - 1);
    expect(text).not.toContain('process_start_time_seconds');
    expect(text.match(/^nodejs_version_info\{.*\} 1$/gm)).toEqual([
      expect.stringContaining(`version="${process.version}"`),
    ]);
    expect(values.get('process_max_fds{}')).toBe(3 * limit);
    expect(values.get('process_resident_memory_bytes{}')).toBeGreaterThan(0.8 * all);
    expect(values.get('process_resident_memory_bytes{}')).toBeLessThan(1.2 * all);
  }
});

test('the start time of a cluster is that of its oldest or of its newest process, if one of them is asked for', async () => {
  const startOf = async (member: Member): Promise<number> =>
    member.run(() => Math.round(Date.now() / 1000 - process.uptime()));
  const name = 'process_start_time_seconds{}';
  const oldest = await startCluster({ startTime: 'oldest' });
  const newest = await startCluster({ startTime: 'newest' });
  const firsts = await Promise.all(oldest.workers.map(startOf));
  expect((await valuesFrom(oldest.primary)).get(name)).toBe(Math.min(...firsts));

  // Start times are whole seconds.
  await expect.poll(() => Math.round(Date.now() / 1000) > Math.max(...firsts) + 1).toBe(true);
  const late = await collecting(await newest.primary.startWorker(), { startTime: 'newest' });
  const start = await startOf(late);
  expect((await valuesFrom(newest.primary)).get(name)).toBe(start);
  await late.kill();
  // Its death is no second change.
  expect((await valuesFrom(newest.primary)).get(name)).toBe(start);
});

test('a start time that is none of the three is refused', async () => {
  const member = await spawn();
  const refusal = member.run(({ collectDefaultMetrics }) => {
    collectDefaultMetrics({ startTime: 'first' as 'newest' });
  });

  await expect(refusal).rejects.toThrow("'omit', 'oldest' or 'newest'");
});

test('the lag of a cluster’s event loops is the average, the least and the greatest of its workers', async () => {
  const precision = 0.3;
  const { primary } = await startCluster({ eventLoopMonitoringPrecision: 1000 * precision });
  const kinds = ['min', 'max', 'mean', 'p50', 'p90', 'p99'];
  // A delay is what was asked for and a little more, in a moment without other load; the sum of three is thrice as much.
  await expect
    .poll(async () => {
      const values = await valuesFrom(primary);
      const lags = kinds.map((kind) => values.get(`nodejs_eventloop_lag_${kind}_seconds{}`) ?? Number.NaN);
      return lags.filter((lag) => lag > 0.9 * precision && lag < 2.5 * precision);
    })
    .toHaveLength(kinds.length);
});

test('CPU time is counted in all workers, and stays when one is killed', async () => {
  const { primary, workers } = await startCluster();
  const [first, second] = workers;
  const cpu = async (member: Member): Promise<number> =>
    (await valuesFrom(member)).get('process_cpu_seconds_total{}') ?? Number.NaN;
  const before = await cpu(second);
  const burnt = await burn(first, 300);
  const after = await cpu(second);
  expect(burnt).toBeGreaterThan(0.05);
  expect(after - before).toBeGreaterThanOrEqual(burnt);

  await first.kill();
  const values = await valuesFrom(primary);
  expect(values.get('process_cpu_seconds_total{}')).toBeGreaterThanOrEqual(after);
  expect(values.get('process_max_fds{}')).toBe(2 * (await descriptorLimit(primary)));
});

test('a worker that stops collecting is missing from the gauges, and the others go on', async () => {
  const { primary, workers } = await startCluster();
  const limit = await descriptorLimit(primary);
  await workers[0].scrape();
  await workers[0].run(() => Reflect.get(globalThis, 'stop')());

  expect((await valuesFrom(primary)).get('process_max_fds{}')).toBe(2 * limit);
  await workers[1].run(() => Reflect.get(globalThis, 'stop')());
  await workers[2].run(() => Reflect.get(globalThis, 'stop')());

  expect(parse(await primary.scrape())).toEqual([]);
});

test('what a process has in common with its threads is counted once, the rest in each', async () => {
  const main = await collecting(await spawn());
  const alone = await valuesFrom(main);
  const threads = await Promise.all([1, 2].map(async () => collecting(await main.startThread())));
  for (const member of [main, ...threads]) {
    const values = await valuesFrom(member);
    const resident = await rss(main);

    expect(values.get('process_max_fds{}')).toBe(alone.get('process_max_fds{}'));
    expect(values.get('process_resident_memory_bytes{}')).toBeGreaterThan(0.8 * resident);
    expect(values.get('process_resident_memory_bytes{}')).toBeLessThan(1.2 * resident);
    // Each thread has a heap of its own.
    const spaces = 'nodejs_heap_space_size_total_bytes{space="old"}';
    expect(values.get(spaces)).toBeGreaterThan(1.5 * (alone.get(spaces) ?? Number.NaN));
  }
});

test('threads of a process that collects nothing report what they have in common', async () => {
  const main = await spawn();
  await main.run(({ configure }, options) => configure(options), patient);
  const thread = await collecting(await main.startThread());

  expect((await valuesFrom(thread)).get('process_max_fds{}')).toBe(await descriptorLimit(main));
});

test('a process that collects comes to its natural end', async () => {
  const member = await collecting(await spawn());
  await member.scrape();

  expect(await member.leave()).toBe(0);
});

test('two copies of the library in one thread collect once, until the first one stops', async () => {
  const member = await collecting(await spawn());
  const copy = join(installedCopy({ addon: true }), 'index.js');
  const scrapes = await member.run(async ({ register }, path) => {
    const other = process.getBuiltinModule('node:module').createRequire(path)(path);
    other.collectDefaultMetrics();
    other.collectDefaultMetrics({ prefix: 'other_' });
    const both = [await register.metrics(), await other.register.metrics()];
    register.clear();
    other.collectDefaultMetrics();
    return [...both, await other.register.metrics()];
  }, copy);
  const limit = await descriptorLimit(member);

  for (const scrape of scrapes) {
    expect(valuesOf(scrape).get('process_max_fds{}')).toBe(limit);
  }
  expect(valuesOf(scrapes[1] ?? '').get('other_process_max_fds{}')).toBe(limit);
});
