import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { collectDefaultMetrics } from '../../src/collectors/default-metrics';
import { Registry } from '../../src/index';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** A length that no other timer has. */
const eventLoopUtilizationTimeout = 17;

const delays = new Set<unknown>();
const observers = new Set<unknown>();
const timers = new Set<unknown>();

/** Kept, and enabled once: in Node 20, listing the active handles fails when one was collected that never was. */
const anyDelays = monitorEventLoopDelay();
anyDelays.enable();
anyDelays.disable();

/** What runs for default metrics. */
function running(): { delays: number; observers: number; timers: number } {
  return { delays: delays.size, observers: observers.size, timers: timers.size };
}

const nothing = { delays: 0, observers: 0, timers: 0 };

beforeEach(() => {
  const monitor = Object.getPrototypeOf(anyDelays);
  follow(monitor, 'enable', (monitored) => delays.add(monitored));
  follow(monitor, 'disable', (monitored) => delays.delete(monitored));
  follow(PerformanceObserver.prototype, 'observe', (observer) => observers.add(observer));
  follow(PerformanceObserver.prototype, 'disconnect', (observer) => observers.delete(observer));
  follow(globalThis, 'setInterval', (_, [, length], timer) => {
    if (length === eventLoopUtilizationTimeout) timers.add(timer);
  });
  follow(globalThis, 'clearInterval', (_, [timer]) => timers.delete(timer));
});

afterEach(() => vi.restoreAllMocks());

/** Calls `see` with each call, which goes through. */
function follow<T extends object>(
  target: T,
  method: string,
  see: (self: unknown, args: unknown[], result: unknown) => void,
): void {
  const original = Reflect.get(target, method) as (...args: unknown[]) => unknown;
  vi.spyOn(target as Record<string, () => unknown>, method).mockImplementation(function (
    this: unknown,
    ...args: unknown[]
  ) {
    const result = Reflect.apply(original, this, args);
    see(this, args, result);
    return result;
  });
}

function collect(register: Registry): () => void {
  return collectDefaultMetrics({ register, eventLoopUtilizationTimeout });
}

test('one observer of garbage collections serves all collections', () => {
  const stops = [1, 2, 3].map(() => collect(new Registry()));

  expect(running()).toEqual({ delays: 3, observers: 1, timers: 3 });
  stops[0]?.();
  expect(running()).toEqual({ delays: 2, observers: 1, timers: 2 });
  for (const stop of stops) stop();
  expect(running()).toEqual(nothing);
});

test('what runs for a registry ends when it is cleared and collected into anew', () => {
  const registry = new Registry();
  let stop = collect(registry);
  for (let i = 0; i < 20; i++) {
    registry.clear();
    stop = collect(registry);
  }

  expect(running()).toEqual({ delays: 1, observers: 1, timers: 1 });
  stop();
  expect(running()).toEqual(nothing);
});

test('what runs for a registry that was cleared ends by itself', async () => {
  const registry = new Registry();
  collect(registry);
  registry.clear();

  await expect.poll(running).toEqual(nothing);
});

test('what runs for a single metric ends when that is removed', async () => {
  const registry = new Registry();
  const stop = collect(registry);
  registry.removeSingleMetric('nodejs_gc_duration_seconds');
  registry.removeSingleMetric('nodejs_eventloop_utilization_summary');
  await expect.poll(running).toEqual({ delays: 1, observers: 0, timers: 1 });
  registry.removeSingleMetric('nodejs_eventloop_utilization_histogram');
  await expect.poll(running).toEqual({ delays: 1, observers: 0, timers: 0 });
  stop();

  expect(running()).toEqual(nothing);
});

test('timers of a registry that was garbage collected end by themselves', async () => {
  for (let i = 0; i < 5; i++) collect(new Registry());
  expect(running()).toEqual({ delays: 5, observers: 1, timers: 5 });

  await expect
    .poll(async () => {
      await turn();
      collectGarbage();
      return running();
    })
    .toEqual(nothing);
});

test('what runs for a registry behind a Proxy ends when the Proxy is revoked', async () => {
  const { proxy, revoke } = Proxy.revocable(new Registry(), {});
  collect(proxy);
  revoke();

  await expect.poll(running).toEqual(nothing);
});
