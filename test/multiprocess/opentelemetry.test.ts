import { expect, test, vi } from 'vitest';
import type { NativeHistogram } from '../../src/model/family';
import { newDirectory, segmentsIn } from './support/directories';
import { valuesOf } from './support/exposition';
import { type Member, root, spawn } from './support/member';

test('synchronous instruments are merged over the group, and a process without meters shows them', async () => {
  const directory = newDirectory();
  const observer = await spawn({ directory });
  const members = await membersWithMeters(directory, 3);
  for (const [i, member] of members.entries()) {
    await member.run(({ register: _ }, number) => {
      const { meter } = globalThis as unknown as Counting;
      // Each process has seen other keys first.
      const attributes = [{ a: 'x' }, { b: 'y' }, { a: 'x', b: 'y' }];
      for (let j = 0; j < 3; j++) meter.createCounter('jobs').add(1, attributes[(number + j) % 3]);
      meter.createUpDownCounter('active').add(number + 1);
      meter.createGauge('version').record(number);
      meter.createHistogram('size', { unit: 'By', advice: { explicitBucketBoundaries: [1] } }).record(number);
    }, i);
  }
  const expected = {
    'jobs_total{a="x"}': 3,
    'jobs_total{b="y"}': 3,
    'jobs_total{a="x",b="y"}': 3,
    'active{}': 6,
    'version{}': 2,
    'size_bytes_bucket{le="1"}': 2,
    'size_bytes_bucket{le="+Inf"}': 3,
    'size_bytes_sum{}': 3,
    'size_bytes_count{}': 3,
  };
  for (const member of [observer, ...members]) {
    expect(Object.fromEntries(valuesOf(await member.scrape()))).toEqual(expected);
  }

  await members[2]?.kill();
  const after = { ...expected, 'active{}': 3, 'version{}': 1 };
  expect(Object.fromEntries(valuesOf(await observer.scrape()))).toEqual(after);
  await vi.waitFor(() => expect(segmentsIn(directory)).toHaveLength(2), { timeout: 60_000, interval: 50 });
  expect(Object.fromEntries(valuesOf(await observer.scrape()))).toEqual(after);
});

test('observables of all processes are observed at a scrape of any, and merged by their kind', async () => {
  const directory = newDirectory();
  const observer = await spawn({ directory });
  const members = await membersWithMeters(directory, 3);
  for (const [i, member] of members.entries()) {
    await member.run(({ register: _ }, number) => {
      const { meter } = globalThis as unknown as Counting;
      const instruments = {
        counter: meter.createObservableCounter('process.cpu.time', { unit: 's' }),
        machine: meter.createObservableCounter('system.cpu.time', { unit: 's' }),
        memory: meter.createObservableUpDownCounter('system.memory.usage', { unit: 'By' }),
        handles: meter.createObservableUpDownCounter('handles'),
        unknown: meter.createObservableGauge('queue.fill'),
        utilization: meter.createObservableGauge('system.cpu.utilization', { unit: '1' }),
        least: meter.createObservableGauge('nodejs.eventloop.delay.min', { unit: 's' }),
        most: meter.createObservableGauge('nodejs.eventloop.delay.p99', { unit: 's' }),
        heap: meter.createObservableGauge('v8js.memory.heap.used', { unit: 'By' }),
      };
      meter.addBatchObservableCallback((result) => {
        for (const instrument of Object.values(instruments)) result.observe(instrument, 10 * (number + 1));
      }, Object.values(instruments));
    }, i);
  }
  const merged = {
    'process_cpu_time_seconds_total{}': 60,
    'system_cpu_time_seconds_total{}': 30,
    'system_memory_usage_bytes{}': 30,
    'handles{}': 60,
    'queue_fill{}': 20,
    'system_cpu_utilization_ratio{}': 20,
    'nodejs_eventloop_delay_min_seconds{}': 10,
    'nodejs_eventloop_delay_p99_seconds{}': 30,
    'v8js_memory_heap_used_bytes{}': 60,
  };
  // The deadline for the callbacks of other processes is 100 ms, which a busy machine may miss.
  await vi.waitFor(
    async () => expect(Object.fromEntries(valuesOf(await observer.scrape()))).toEqual(merged),
    { timeout: 60_000, interval: 50 },
  );

  await members[2]?.kill();
  const after = {
    ...merged,
    // Counts of the dead stay; that of the machine does not decrease although the largest owner has died.
    'system_memory_usage_bytes{}': 20,
    'handles{}': 30,
    'queue_fill{}': 15,
    'system_cpu_utilization_ratio{}': 15,
    'nodejs_eventloop_delay_p99_seconds{}': 20,
    'v8js_memory_heap_used_bytes{}': 30,
  };
  expect(Object.fromEntries(valuesOf(await observer.scrape()))).toEqual(after);
  await vi.waitFor(() => expect(segmentsIn(directory)).toHaveLength(2), { timeout: 60_000, interval: 50 });
  expect(Object.fromEntries(valuesOf(await observer.scrape()))).toEqual(after);
});

test('kills in the middle of counting lose nothing', async () => {
  const directory = newDirectory();
  const observer = await spawn({ directory });
  let acknowledged = 0;
  for (let round = 0; round < 4; round++) {
    const members = await membersWithMeters(directory, 3);
    const counts = members.map((member) =>
      member.run(() => {
        const { meter } = globalThis as unknown as Counting;
        const counter = meter.createCounter('work');
        const bound = counter.bind({ kind: 'bound' });
        for (let i = 0; i < 5000; i++) {
          counter.add(1, { kind: `k${i % 7}` });
          bound.add(1);
        }
        // Goes on until it is killed, and is not counted as acknowledged.
        setInterval(() => counter.add(1, { kind: 'late' }), 0);
        return 10_000;
      }),
    );
    for (const count of await Promise.all(counts)) acknowledged += count;
    await Promise.all(members.map((member) => member.kill()));
    const values = [...valuesOf(await observer.scrape())];
    const late = values.find(([key]) => key.includes('late'))?.[1] ?? 0;
    const total = values.reduce((sum, [, value]) => sum + value, 0);
    expect(total - late).toBe(acknowledged);
  }
});

test('exponential histograms of all processes are one native histogram, dead processes included', async () => {
  const directory = newDirectory();
  const observer = await spawn({ directory });
  const members = await membersWithMeters(directory, 3, {
    OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'base2_exponential_bucket_histogram',
  });
  for (const member of members) {
    await member.run(() => {
      const { meter } = globalThis as unknown as Counting;
      const histogram = meter.createHistogram('took', { unit: 's' });
      for (let i = 0; i < 100; i++) histogram.record(0.001 * 1.1 ** i, i % 2 === 0 ? { route: '/' } : {});
    });
  }
  await members[0]?.kill();
  await vi.waitFor(() => expect(segmentsIn(directory)).toHaveLength(2), { timeout: 60_000, interval: 50 });
  const merged = await observer.run(async ({ register }) => {
    const [family] = await register.getGroupMetricsAsJSON();
    const samples = (family?.values ?? []) as unknown as readonly { native?: NativeHistogram }[];
    return { name: family?.name, natives: samples.flatMap(({ native }) => native ?? []) };
  });

  expect(merged.name).toBe('took_seconds');
  expect(merged.natives).toHaveLength(2);
  for (const { schema, positive } of merged.natives) {
    expect(schema).toBe(8);
    expect(positive).toHaveLength(50);
    expect(positive.every(([, count]) => count === 3)).toBe(true);
  }
});

test('one target_info stands for all processes of a group', async () => {
  const directory = newDirectory();
  const members = await membersWithMeters(directory, 2, { OTEL_SERVICE_NAME: 'shop' });
  for (const member of members) {
    await member.run(() => (globalThis as unknown as Counting).whole.createCounter('c').add(1));
  }
  const [first] = members;
  const values = valuesOf((await first?.scrape()) ?? '');
  const target = [...values].filter(([key]) => key.startsWith('target_info'));

  expect(target).toEqual([[expect.stringContaining('service_name="shop"'), 1]]);
  expect(values.get('c_total{otel_scope_name="whole"}')).toBe(2);
});

interface Counting {
  meter: import('../../src/opentelemetry').Meter;
  /** Of a provider with all labels and target_info. */
  whole: import('../../src/opentelemetry').Meter;
}

/** Processes with `Counting`. */
async function membersWithMeters(
  directory: string,
  count: number,
  env: Record<string, string> = {},
): Promise<Member[]> {
  const members = await Promise.all(Array.from({ length: count }, () => spawn({ directory, env })));
  for (const member of members) {
    await member.run((_, from) => {
      const load = process.getBuiltinModule('node:module').createRequire(from);
      const { MeterProvider } = load(
        'prom-client-mmap/opentelemetry',
      ) as typeof import('../../src/opentelemetry');
      const provider = new MeterProvider({ scopeLabels: false, resource: false });
      const whole = new MeterProvider();
      Object.assign(globalThis, { meter: provider.getMeter('m'), whole: whole.getMeter('whole') });
    }, `${root}/any.js`);
  }
  return members;
}
