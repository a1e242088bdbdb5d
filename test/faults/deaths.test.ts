import { expect, test } from 'vitest';
import { newDirectory } from '../multiprocess/support/directories';
import { valuesOf } from '../multiprocess/support/exposition';
import { spawn } from '../multiprocess/support/member';

type Death = readonly [what: string, how: RegExp, die: () => unknown];

const deaths: readonly Death[] = [
  [
    'an uncaught exception',
    /code 1,/,
    () =>
      new Promise(() => {
        setImmediate(() => {
          throw new Error('no handler catches this');
        });
      }),
  ],
  [
    'an unhandled rejection',
    /code 1,/,
    () =>
      new Promise(() => {
        void Promise.reject(new Error('no handler takes this'));
      }),
  ],
  ['process.exit() in the middle of its work', /code 3,/, () => process.exit(3)],
  ['process.abort()', /signal SIGABRT/, () => process.abort()],
  [
    'a heap without room',
    /signal SIGABRT/,
    () => {
      const kept: unknown[] = [];
      while (true) kept.push(new Array(1000).fill({}));
    },
  ],
  ['a SIGSEGV', /signal SIGSEGV/, () => process.kill(process.pid, 'SIGSEGV')],
  ['a SIGTERM', /signal SIGTERM/, () => process.kill(process.pid, 'SIGTERM')],
  ['a SIGKILL', /signal SIGKILL/, () => process.kill(process.pid, 'SIGKILL')],
];

test.each(deaths)(
  'a process that ends by %s leaves its counts, and takes its live gauges along',
  async (_, how, die) => {
    const directory = newDirectory();
    const through = ['prlimit', '--core=0'];
    const env = { NODE_OPTIONS: '--max-old-space-size=24' };
    const [observer, victim] = await Promise.all([spawn({ directory }), spawn({ directory, through, env })]);
    await victim.run(({ Counter, Gauge, Histogram, Summary }) => {
      const help = 'What the victim has done.';
      new Counter({ name: 'jobs_total', help }).inc(3);
      new Histogram({ name: 'wait_seconds', help, buckets: [1] }).observe(0.5);
      new Summary({ name: 'size_bytes', help, percentiles: [] }).observe(8);
      new Gauge({ name: 'busy', help }).set(1);
      new Gauge({ name: 'busiest', help, multiprocessMode: 'max' }).set(7);
    });
    expect(valuesOf(await observer.scrape()).get('busy{}')).toBe(1);

    await expect(victim.run(die)).rejects.toThrow(how);
    expect(valuesOf(await observer.scrape())).toEqual(
      new Map([
        ['jobs_total{}', 3],
        ['wait_seconds_bucket{le="1"}', 1],
        ['wait_seconds_bucket{le="+Inf"}', 1],
        ['wait_seconds_sum{}', 0.5],
        ['wait_seconds_count{}', 1],
        ['size_bytes_sum{}', 8],
        ['size_bytes_count{}', 1],
        ['busiest{}', 7],
      ]),
    );
  },
);

test('a scrape does not wait for a process that dies while it is asked', async () => {
  const directory = newDirectory();
  const [observer, victim] = await Promise.all([spawn({ directory }), spawn({ directory })]);
  await victim.run(({ Counter, Gauge }) => {
    new Counter({ name: 'jobs_total', help: 'Jobs done.' }).inc(3);
    new Gauge({
      name: 'last_words',
      help: 'Not shown: its process dies when it collects.',
      collect() {
        process.kill(process.pid, 'SIGKILL');
      },
    });
  });
  await observer.run(({ configure }) => configure({ collectDeadlineMs: 600_000, selfMetrics: 'all' }));
  const values = valuesOf(await observer.scrape());

  expect(values.get('jobs_total{}')).toBe(3);
  expect(values.get('prom_client_mmap_late_owners{}')).toBe(0);
});
