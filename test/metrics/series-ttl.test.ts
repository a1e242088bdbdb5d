import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, test, vi } from 'vitest';
import type { TextSample } from '../../src/exposition/text';
import { Counter, Gauge, Histogram, type Metric, Registry, Summary } from '../../src/index';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const ttlSeconds = 1;

afterEach(() => {
  vi.restoreAllMocks();
});

/** A metric of each type, each with the way to change its series `a`. */
const makers: Readonly<Record<string, (config: Config) => readonly [Metric, (a: string) => void]>> = {
  counter(config) {
    const counter = new Counter(config);
    return [counter, (a) => counter.inc({ a })];
  },
  gauge(config) {
    const gauge = new Gauge(config);
    return [gauge, (a) => gauge.inc({ a })];
  },
  newest(config) {
    const gauge = new Gauge({ ...config, multiprocessMode: 'mostrecent' });
    return [gauge, (a) => gauge.set({ a }, 1)];
  },
  histogram(config) {
    const histogram = new Histogram(config);
    return [histogram, (a) => histogram.observe({ a }, 0)];
  },
  summary(config) {
    const summary = new Summary(config);
    return [summary, (a) => summary.observe({ a }, 0)];
  },
};

test('series that have not changed for so long go, whether they are read or not, and come back new', async () => {
  const register = new Registry();
  const metrics = Object.entries(makers).map(([name, make]) => make(configOf(name, register)));
  const start = performance.now();
  /** Before the last change of the series `busy`. */
  const changed = new Map<Metric, number>();
  for (const [metric, change] of metrics) {
    change('idle');
    changed.set(metric, performance.now());
    change('busy');
  }
  const lost: string[] = [];
  const lasted = new Map<Metric, number>();
  await vi.waitUntil(
    () => {
      for (const [metric, change] of metrics) {
        const isLost =
          !labelsOf(metric).has('busy') && performance.now() - (changed.get(metric) ?? 0) < ttlSeconds * 1000;
        if (isLost) lost.push((metric as unknown as { name: string }).name);
        changed.set(metric, performance.now());
        change('busy');
        if (!lasted.has(metric) && !labelsOf(metric).has('idle'))
          lasted.set(metric, performance.now() - start);
      }
      return lasted.size === metrics.length;
    },
    { interval: 5, timeout: 60_000 },
  );

  expect(lost).toEqual([]);
  expect(Math.min(...lasted.values())).toBeGreaterThanOrEqual(ttlSeconds * 1000);
  expect(await register.metrics()).not.toContain('a="idle"');

  for (const [metric, change] of metrics) {
    change('idle');
    expect(labelsOf(metric)).toEqual(new Set(['busy', 'idle']));
  }
});

test('a scrape shows no idle series, however late the timer is', async () => {
  vi.spyOn(globalThis, 'setInterval').mockReturnValue({ unref() {} } as NodeJS.Timeout);
  const register = new Registry();
  for (const [name, make] of Object.entries(makers)) make(configOf(name, register))[1]('idle');

  const text = await register.metrics();
  for (const name of Object.keys(makers)) expect(text).toMatch(new RegExp(`${name}.*a="idle"`));
  await vi.waitUntil(async () => !(await register.metrics()).includes('a="idle"'), { timeout: 60_000 });
});

test('a gauge that is set to what it is does not change', async () => {
  const register = new Registry();
  const gauge = new Gauge(configOf('g', register));
  gauge.set({ a: 'x' }, Number.NaN);
  const sizes: number[] = [];
  await vi.waitUntil(
    () => {
      sizes.push(labelsOf(gauge).size);
      gauge.set({ a: 'x' }, Number.NaN);
      return sizes.at(-1) === 0;
    },
    { interval: 5, timeout: 60_000 },
  );

  expect(sizes[0]).toBe(1);
});

test('a metric without labels keeps its only series, and needs no timer', () => {
  const started = vi.spyOn(globalThis, 'setInterval');
  new Counter({ name: 'm', help: 'h', ttlSeconds, registers: [] });
  new Counter({ name: 'm', help: 'h', labelNames: ['a'], registers: [] });

  expect(started).not.toHaveBeenCalled();
});

test('a time that is no positive number is refused', () => {
  for (const wrong of [0, -1, Number.NaN, 'soon' as never]) {
    expect(() => new Counter({ ...configOf('m'), ttlSeconds: wrong })).toThrow(
      expect.objectContaining({ name: 'RangeError', code: 'ERR_SERIES_TTL' }),
    );
  }
  new Counter({ ...configOf('m'), ttlSeconds: Infinity });
});

test('the timer lets the process end, and ends itself with its metric', async () => {
  const started = vi.spyOn(globalThis, 'setInterval');
  const stopped = vi.spyOn(globalThis, 'clearInterval');
  (() => {
    new Counter({ ...configOf('m'), ttlSeconds: 0.02 }).inc({ a: 'x' });
  })();
  const timer = started.mock.results[0]?.value as NodeJS.Timeout;
  expect(started).toHaveBeenCalledTimes(1);
  expect(timer.hasRef()).toBe(false);

  await vi.waitUntil(
    async () => {
      collectGarbage();
      await new Promise(setImmediate);
      return stopped.mock.calls.some(([stoppedTimer]) => stoppedTimer === timer);
    },
    { timeout: 60_000 },
  );
});

interface Config {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  readonly ttlSeconds: number;
  readonly registers: Registry[];
}

function configOf(name: string, ...registers: Registry[]): Config {
  return { name, help: 'h', labelNames: ['a'], ttlSeconds, registers };
}

/** The values of label `a` in this process, without the look at their age that a reading takes. */
function labelsOf(metric: Metric): Set<unknown> {
  const samples = (metric as unknown as { $samples(): TextSample[] }).$samples();
  return new Set(samples.map(({ labels, sharedLabels }) => ({ ...labels, ...sharedLabels })['a']));
}
