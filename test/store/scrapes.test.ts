import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { Counter, Gauge, openMetricsContentType, Registry, register } from '../../src/index';

afterEach(() => register.clear());

const sampleOf = (text: string, name: string): number =>
  Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);

describe('scrapes that overlap', () => {
  test('share one, which begins after the one that was going on when they were asked for', async () => {
    const counter = new Counter({ name: 'jobs_total', help: 'h' });
    const running = register.getMetricsAsBuffer();
    counter.inc();
    const [first, second, third] = await Promise.all([
      running,
      register.getMetricsAsBuffer(),
      register.getMetricsAsBuffer(),
    ]);

    expect(second).toBe(third);
    expect(second).not.toBe(first);
    expect(sampleOf(second.toString(), 'jobs_total')).toBe(1);
  });

  test('show what was counted before they were asked for, whenever that was', async () => {
    const counter = new Counter({ name: 'jobs_total', help: 'h' });
    const asked: Promise<{ seen: number; counted: number }>[] = [];
    for (let counted = 1; counted <= 500; counted++) {
      counter.inc();
      asked.push(register.metrics().then((text) => ({ seen: sampleOf(text, 'jobs_total'), counted })));
      if (counted % 3 === 0) await new Promise(setImmediate);
    }

    expect((await Promise.all(asked)).filter(({ seen, counted }) => seen < counted)).toEqual([]);
  });

  test('of other options are apart', async () => {
    const other = new Registry(openMetricsContentType);
    const counter = new Counter({ name: 'jobs_total', help: 'h', registers: [register, other] });
    counter.inc();
    const [, ours, theirs, own] = await Promise.all([
      register.metrics(),
      register.metrics(),
      other.metrics(),
      register.metrics({ perProcess: true }),
    ]);

    expect(ours).toMatch(/\njobs_total 1\n$/);
    expect(theirs).toMatch(/\njobs_total 1\n# EOF\n$/);
    expect(own).toMatch(/\njobs_total\{pid="\d+"\} 1\n$/);
  });

  test('give each caller objects of its own', async () => {
    new Counter({ name: 'jobs_total', help: 'h' }).inc();
    const [, first, second] = await Promise.all([
      register.metrics(),
      register.getMetricsAsJSON(),
      register.getMetricsAsJSON(),
    ]);

    expect(first).toEqual(second);
    expect(first[0]).not.toBe(second[0]);
  });
});

describe('the bytes of an exposition', () => {
  /** Enough series for a text that JavaScript does not get as a copy. */
  const fill = (label: string): Gauge<'label'> => {
    const gauge = new Gauge({ name: 'sizes', help: 'h', labelNames: ['label'] });
    for (let i = 0; i < 20_000; i++) gauge.set({ label: `${label} ${i}` }, i);
    return gauge;
  };
  const digest = (exposition: string | Buffer): string =>
    createHash('sha256').update(exposition).digest('hex');

  test.each(['ascii', 'größe', 'размер', '𝒮'])(
    'are the text in UTF-8 where labels are like %s',
    async (label) => {
      fill(label);
      const text = await register.metrics();

      expect(text).toContain(`\nsizes{label="${label} 19999"} 19999\n`);
      expect(text.length).toBeGreaterThan(500_000);
      expect(digest(await register.getMetricsAsBuffer())).toBe(digest(text));
    },
  );

  test('stay as they are while others are made, as does the text', async () => {
    const gauge = fill('large');
    const expositions: (string | Buffer)[] = [];
    const digests: string[] = [];
    for (let i = 1; i <= 30; i++) {
      gauge.set({ label: 'large 7' }, -i);
      const exposition = await (i % 2 === 0 ? register.metrics() : register.getMetricsAsBuffer());
      expect(exposition.toString()).toContain(`"large 7"} ${-i}\n`);
      // Of the first some are kept, so that there is memory to be used again.
      if (i <= 6) expositions.push(exposition);
      if (i <= 6) digests.push(digest(exposition));
    }

    expect(expositions.map(digest)).toEqual(digests);
  });

  test('have what is not in the group, and the collect functions have run', async () => {
    new Counter({
      name: 'jobs_total',
      help: 'h',
      collect() {
        this.inc();
      },
    });
    expect((await register.getMetricsAsBuffer()).toString()).toMatch(/\njobs_total 1\n$/);
    register.registerMetric({
      name: 'foreign',
      get: () => ({ name: 'foreign', help: 'h', type: 'gauge', values: [{ value: 3, labels: {} }] }),
    } as unknown as Parameters<typeof register.registerMetric>[0]);

    const text = (await register.getMetricsAsBuffer()).toString();
    expect(text).toMatch(/\njobs_total 2\n/);
    expect(text).toMatch(/\nforeign 3\n$/);
  });

  test('of a merged registry are those of its text', async () => {
    const a = new Registry();
    const b = new Registry();
    new Counter({ name: 'a_total', help: 'h', registers: [a] }).inc();
    new Counter({ name: 'b_total', help: 'h', registers: [b] }).inc(2);
    const merged = Registry.merge([a, b]);
    merged.setDefaultLabels({ app: 'x' });

    expect((await merged.getMetricsAsBuffer()).toString()).toBe(await merged.metrics());
    expect((await new Registry().getMetricsAsBuffer()).toString()).toBe('\n');
  });
});
