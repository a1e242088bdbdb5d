import { describe, expect, test } from 'vitest';
import { newDirectory } from './support/directories';
import { valuesOf } from './support/exposition';
import { spawn } from './support/member';

// Work that takes time in proportion to the series pauses for the event loop. A busy machine makes each turn longer, so these
// tests count the turns of the loop during the work instead of milliseconds.
const series = 60_000;
const fewTurns = 5;

describe('with many series the event loop turns', () => {
  test('while the segment is rewritten, and no update that is made meanwhile is lost', async () => {
    const directory = newDirectory();
    const [owner, observer] = [await spawn({ directory }), await spawn({ directory })];
    const { turns, counted } = await owner.run(
      async ({ Counter }, { count, dir }) => {
        const { readdirSync, statSync } = process.getBuiltinModule('node:fs');
        const inode = (): number =>
          statSync(`${dir}/${readdirSync(dir).find((name) => name.startsWith('s.'))}`).ino;
        const counter = new Counter({ name: 'jobs_total', help: 'Jobs.', labelNames: ['id'] });
        const children = Array.from({ length: count }, (_, id) => counter.labels(`${id}`));
        for (const child of children) child.inc();
        for (let id = 0; id < 1.5 * count; id++) counter.inc({ id: `gone ${id}` });
        for (let id = 0; id < 1.5 * count; id++) counter.remove(`gone ${id}`);
        const before = inode();
        counter.inc({ id: 'new' }); // more than half of the records are garbage: a new series begins the rewrite
        let rounds = 0;
        for (; inode() === before && rounds < 10_000; rounds++) {
          for (let id = rounds % 7; id < count; id += 97) children[id]?.inc();
          await new Promise((resolve) => setImmediate(resolve));
        }
        let sum = 0;
        for (const { value } of (await counter.get()).values) sum += value;
        return { turns: rounds, counted: sum };
      },
      { count: series, dir: directory },
    );

    expect(turns).toBeGreaterThan(fewTurns);
    expect(turns).toBeLessThan(10_000);
    let shown = 0;
    for (const value of valuesOf(await observer.scrape()).values()) shown += value;
    expect(shown).toBe(counted);
  }, 120_000);

  test('while idle series are looked at and removed', async () => {
    const member = await spawn();
    const { turns, left } = await member.run(async ({ Histogram }, count) => {
      const histogram = new Histogram({
        name: 'waits_seconds',
        help: 'Waits.',
        labelNames: ['id'],
        buckets: [1, 2, 4],
        ttlSeconds: 2,
      });
      const removal = async (): Promise<{ turns: number; left: number }> => {
        for (let id = 0; id < count; id++) histogram.observe({ id }, 1);
        await histogram.get();
        const begun = performance.now();
        while (performance.now() - begun < 2100); // no timer comes first
        let rounds = 0;
        let isDone = false;
        const counting = (): void => {
          rounds++;
          if (!isDone) setImmediate(counting);
        };
        setImmediate(counting);
        const { values } = await histogram.get();
        isDone = true;
        return { turns: rounds, left: values.length };
      };
      // On a busy machine the first look may take so long that the timer has removed all of them before.
      let result = await removal();
      for (let attempt = 1; result.turns === 0 && attempt < 4; attempt++) result = await removal();
      return result;
    }, series);

    expect(left).toBe(0);
    expect(turns).toBeGreaterThan(fewTurns);
  }, 60_000);

  test.each(['getMetricsAsJSON', 'getGroupMetricsAsJSON'] as const)(
    'while %s() makes its objects',
    async (method) => {
      const member = await spawn();
      const { shares, objects } = await member.run(
        async ({ Counter, register }, { count, name }) => {
          const counter = new Counter({ name: 'jobs_total', help: 'Jobs.', labelNames: ['id'] });
          for (let id = 0; id < count; id++) counter.inc({ id });
          const longestStop = async (): Promise<readonly [stop: number, families: readonly object[]]> => {
            let isDone = false;
            let last = performance.now();
            let longest = 0;
            const watch = (): void => {
              longest = Math.max(longest, performance.now() - last);
              last = performance.now();
              if (!isDone) setImmediate(watch);
            };
            watch();
            const families = await register[name]();
            isDone = true;
            watch();
            return [longest, families];
          };
          const tried: number[] = [];
          let found = 0;
          while (tried.length < 5 && !tried.some((share) => share < 0.5)) {
            const [stop, families] = await longestStop();
            const start = performance.now();
            const [copy] = JSON.parse(JSON.stringify(families));
            found = copy.values.length;
            tried.push(stop / (performance.now() - start));
          }
          return { shares: tried, objects: found };
        },
        { count: series, name: method },
      );

      expect(objects).toBe(series);
      // Of the time that it takes to make as many objects in one go.
      expect(Math.min(...shares)).toBeLessThan(0.5);
    },
    60_000,
  );
});

test('the first metric during a scrape does not wait for it', async () => {
  const directory = newDirectory();
  const [blocked, scraper] = [await spawn({ directory }), await spawn()];
  await scraper.run(({ configure }, options) => configure(options), {
    dir: directory,
    collectDeadlineMs: 20_000,
  });
  await blocked.run(({ Gauge }) => {
    new Gauge({ name: 'g', help: 'g', collect: () => new Promise((resolve) => setTimeout(resolve, 3000)) });
  });
  const order = await scraper.run(async ({ Counter, register }) => {
    const events: string[] = [];
    const scrape = register.metrics().then(() => events.push('scraped'));
    await new Promise((resolve) => setTimeout(resolve, 300)); // it waits for the other owner
    new Counter({ name: 'first_total', help: 'First.' }).inc();
    setImmediate(() => events.push('turned'));
    await scrape;
    return events;
  });

  expect(order).toEqual(['turned', 'scraped']);
}, 30_000);
