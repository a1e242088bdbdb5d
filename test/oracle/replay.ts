import { expect, vi } from 'vitest';
import { type Member, spawn } from '../multiprocess/support/member';
import { type Canonical, canonical } from './canonical';
import type { Trace, TraceMetric, Update } from './trace';

/**
 * Lets real processes do what the trace says, each step after the one before, and returns what a scrape shows: one
 * entry per `scrape` and one for the end. Scrapes ask a process that defined nothing, and in turns one of the others.
 */
export async function replay(trace: Trace, directory: string): Promise<Canonical[]> {
  const observer = await spawn({ directory });
  await observer.scrape(); // as an owner it keeps the session going while no other process counts
  const living = new Map<number, Member>();
  const owners = new Map<string, number>();
  const results: Canonical[] = [];

  const scrape = async (): Promise<void> => {
    const member = [...living.values()][results.length % Math.max(living.size, 1)];
    const text = await vi.waitFor(async () => {
      const [one, other] = await Promise.all([observer.scrape(), (member ?? observer).scrape()]);
      // Not if a dead process is compacted between the two: families that only it had are then in another order.
      expect(other).toBe(one);
      return one;
    }, 60_000);
    results.push(canonical(text, owners));
  };

  const start = async (process: number): Promise<void> => {
    const member = await spawn({ directory });
    if (owners.has(`${member.pid}`)) throw new Error('the system gave a pid twice: run the trace again');
    owners.set(`${member.pid}`, process);
    living.set(process, member);
    await member.run(
      define,
      trace.metrics.filter(({ processes }) => processes?.includes(process) ?? true),
    );
  };

  try {
    for (const operation of trace.operations) {
      if (operation.do === 'scrape') {
        await scrape();
      } else if (operation.do === 'start') {
        await start(operation.process);
      } else if (operation.do === 'dead') {
        await living.get(operation.process)?.kill();
        living.delete(operation.process);
      } else {
        await living.get(operation.process)?.run(update, operation);
      }
    }
    await scrape();
  } finally {
    await Promise.all([observer, ...living.values()].map((member) => member.kill()));
  }
  return results;
}

type Library = typeof import('../../src/index');

function define(library: Library, metrics: readonly TraceMetric[]): void {
  const { Counter, Gauge, Histogram, Summary } = library;
  for (const { type, name, help, labelNames, mode, buckets } of metrics) {
    if (type === 'counter') new Counter({ name, help, labelNames });
    if (type === 'gauge') new Gauge({ name, help, labelNames, multiprocessMode: mode });
    if (type === 'histogram') new Histogram({ name, help, labelNames, buckets: [...(buckets ?? [])] });
    if (type === 'summary') new Summary({ name, help, labelNames, percentiles: [] });
  }
}

function update({ register }: Library, operation: Update): void {
  const metric = register.getSingleMetric(operation.metric) as unknown as Record<
    Update['do'],
    (labels: object, value: number) => void
  >;
  metric[operation.do](operation.labels, operation.value);
}
