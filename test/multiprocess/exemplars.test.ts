import { expect, test } from 'vitest';
import { newDirectory } from './support/directories';
import { type Member, spawn } from './support/member';

test('the newest exemplar of a group wins, for each series and each bucket', async () => {
  const [one, other] = await members();
  await count(one, { time: 1000, size: 0.5, trace: 'old' });
  await count(one, { time: 3000, size: 9, trace: 'ünï "1"' });
  await count(other, { time: 2000, size: 0.25, trace: 'new' });
  await count(other, { time: 2500, size: 7, trace: 'old' });

  const expected = [
    'jobs_total{queue="mail"} 4 # {trace="ünï \\"1\\""} 1 3',
    'sizes_bucket{le="1",queue="mail"} 2 # {trace="new"} 0.25 2',
    'sizes_bucket{le="5",queue="mail"} 2',
    'sizes_bucket{le="+Inf",queue="mail"} 4 # {trace="ünï \\"1\\""} 9 3',
  ];
  expect(linesOf(await one.scrape())).toEqual(expected);
  expect(linesOf(await other.scrape())).toEqual(expected);
});

test('exemplars survive a SIGKILL of their owner, until there is a newer one', async () => {
  const [observer, killed] = await members();
  await count(observer, { time: 1000, size: 4, trace: 'mine' });
  await count(killed, { time: 2000, size: 4, trace: 'last words' });
  await killed.kill();

  expect(linesOf(await observer.scrape())).toEqual([
    'jobs_total{queue="mail"} 2 # {trace="last words"} 1 2',
    'sizes_bucket{le="1",queue="mail"} 0',
    'sizes_bucket{le="5",queue="mail"} 2 # {trace="last words"} 4 2',
    'sizes_bucket{le="+Inf",queue="mail"} 2',
  ]);

  await count(observer, { time: 3000, size: 4, trace: 'mine again' });
  expect(linesOf(await observer.scrape())).toContain('jobs_total{queue="mail"} 3 # {trace="mine again"} 1 3');
});

test('no exemplar is ever seen half written', async () => {
  const [observer, writer] = await members();
  const writing = writer.run(async ({ Counter, register }) => {
    const counter = register.getSingleMetric('jobs_total') as InstanceType<typeof Counter>;
    let time = 0;
    Date.now = () => time;
    for (let round = 0; round < 1000; round++) {
      for (let i = 0; i < 500; i++) {
        time++;
        const trace = `${time}`.repeat(1 + (i % 8));
        counter.inc({ labels: { queue: 'mail' }, value: time, exemplarLabels: { trace } });
      }
      await new Promise(setImmediate);
    }
  });
  let hasEnded = false;
  const ended = writing.finally(() => {
    hasEnded = true;
  });
  let seen = 0;
  while (!hasEnded) {
    const [, trace = '', value = ''] =
      /^jobs_total\S+ \S+ # \{trace="(.*)"\} (\S+)/m.exec(await observer.scrape()) ?? [];
    if (trace === '') continue;
    seen++;
    expect(trace).toBe(value.repeat(trace.length / value.length));
  }
  await ended;
  expect(seen).toBeGreaterThan(10);
});

/** Two processes of one group that define the same counter and histogram. */
async function members(): Promise<[Member, Member]> {
  const directory = newDirectory();
  const both: [Member, Member] = [await spawn({ directory }), await spawn({ directory })];
  for (const member of both) {
    await member.run(({ Counter, Histogram, Registry, register }) => {
      register.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
      const config = { help: 'h', labelNames: ['queue'], enableExemplars: true };
      new Counter({ ...config, name: 'jobs_total' });
      new Histogram({ ...config, name: 'sizes', buckets: [1, 5] });
    });
  }
  return both;
}

async function count(
  member: Member,
  what: { readonly time: number; readonly size: number; readonly trace: string },
): Promise<void> {
  await member.run(({ Counter, Histogram, register }, { time, size, trace }) => {
    const counter = register.getSingleMetric('jobs_total') as InstanceType<typeof Counter>;
    const histogram = register.getSingleMetric('sizes') as InstanceType<typeof Histogram>;
    const { now } = Date;
    Date.now = () => time;
    const [labels, exemplarLabels] = [{ queue: 'mail' }, { trace }];
    counter.inc({ labels, exemplarLabels });
    histogram.observe({ labels, value: size, exemplarLabels });
    Date.now = now;
  }, what);
}

/** The lines that may have an exemplar. */
function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => /^(jobs_total|sizes_bucket)\{/.test(line));
}
