import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test, vi } from 'vitest';
import { Counter, configure, Gauge, Histogram, Summary } from '../../src/index';
import { currentStore } from '../../src/store/current';

configure({ shared: false });
setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function usedBytes(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const config = { name: 'm', help: 'h', labelNames: ['a'], registers: [] };

/** Collects often enough for finalizers to have run. */
async function collectAll(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    collectGarbage();
    await new Promise(setImmediate);
  }
}

test('series that come and go, and their children, take no memory', () => {
  const counter = new Counter({ name: 'c', help: 'h', labelNames: ['id', 'n'], registers: [] });
  const summary = new Summary({ name: 's', help: 'h', labelNames: ['id'], registers: [] });
  const churn = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      const id = `user ${i}`;
      counter.inc({ id, n: i });
      counter.labels(id, `${i}`).inc();
      counter.remove(id, `${i}`);
      summary.observe({ id: i }, i);
      summary.labels({ id: i }).observe(-i);
      summary.remove({ id: i });
    }
  };
  churn(0, 20_000);
  const before = usedBytes();
  churn(20_000, 120_000);

  // 100,000 series of even 100 bytes each would be ten times as much.
  expect(usedBytes() - before).toBeLessThan(1_000_000);
});

describe('a metric without references to it', () => {
  test.each<[string, () => void]>([
    ['counter', () => new Counter(config).inc({ a: 'x' })],
    ['counter with exemplars', () => new Counter({ ...config, enableExemplars: true }).labels('x').inc()],
    ['gauge of the leader', () => new Gauge({ ...config, collectBy: 'leader' }).labels('x').set(1)],
    ['histogram', () => new Histogram(config).startTimer({ a: 'x' })()],
    ['histogram with exemplars', () => new Histogram({ ...config, enableExemplars: true }).zero({ a: 'x' })],
    ['summary', () => new Summary({ ...config, pruneAgedBuckets: true }).observe({ a: 'x' }, 1)],
    ['summary with a ttl', () => new Summary({ ...config, ttlSeconds: 100 }).labels('x').observe(1)],
  ])('gives back its series and its family: a %s', async (_, use) => {
    const store = currentStore();
    await collectAll();
    const removed = vi.spyOn(store, 'removeFamily');
    const released = vi.spyOn(store, 'release');
    use();

    await vi.waitUntil(() => {
      collectGarbage();
      return removed.mock.calls.length > 0;
    });
    expect(released).toHaveBeenCalled();
    vi.restoreAllMocks();
  });

  test('gives back its series and its family, and a kept child holds it', async () => {
    const store = currentStore();
    await collectAll();
    const released = vi.spyOn(store, 'release');
    const removed = vi.spyOn(store, 'removeFamily');
    let kept: { inc(): void } | undefined = (() => {
      const gauge = new Gauge({ name: 'g', help: 'h', labelNames: ['a'], registers: [] });
      gauge.set({ a: 'x' }, 1);
      gauge.labels('x').inc();
      return gauge.labels('y');
    })();
    kept.inc();

    await collectAll();
    expect(removed).not.toHaveBeenCalled();

    kept = undefined;
    await vi.waitUntil(() => {
      collectGarbage();
      return removed.mock.calls.length > 0;
    });
    expect(released).toHaveBeenCalledTimes(2);
    expect(removed).toHaveBeenCalledTimes(1);
  });
});
