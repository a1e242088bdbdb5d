import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

const folder = join(__dirname, '..', 'examples', 'outage');
const load = (name: string) => import(pathToFileURL(join(folder, name)).href);

const [window, end] = [5, 45];
const events = {
  loaded: 0,
  workerKilled: 7,
  applicationKilled: 13,
  replaced: 15,
  lastFirstScrape: 18,
  replicaKilled: 26,
  replicaBack: 33,
  replicaScrapes: 34,
};
const instances = { survivor: 'A', killed: 'B', replacement: 'C' };

type Values = [time: number, value: number][];

interface Replica {
  rate: Values;
  increase: Values;
  last: Map<string, number>;
  increased: Map<string, number>;
  resets: Map<string, number>;
  scrapes: Map<string, number[]>;
}

test.each<[string, (first: Replica, second: Replica) => void, string | undefined]>([
  ['all is as it was promised', () => undefined, undefined],
  [
    'a rate is too low after the death of a worker',
    (_, two) => scale(two.rate, 10, 0.8),
    'A worker is killed',
  ],
  ['a counter falls', (one) => one.resets.set('A', 1), 'No counter falls in replica 1'],
  [
    'an increase is too high',
    (_, two) => scale(two.increase, 40, 1.2),
    'increase() of replica 2 is never above',
  ],
  [
    'two answers of the survivor are missing',
    (_, two) => add(two.last, 'A', -2),
    'the instance that lost a worker',
  ],
  ['an answer is counted twice', (_, two) => add(two.last, 'C', 1), 'Every answer of the replacement'],
  [
    'more is lost than since the last scrape',
    (_, two) => add(two.last, 'B', -60),
    'only the counts since its last scrape',
  ],
  ['the dip is too deep', (_, two) => scale(two.rate, 19, 0.3), 'lacks what no scrape has seen'],
  ['a value is in the gap', (one) => one.rate.push([32, 100]), 'has a gap while it is down'],
  ['the other replica has no values', (_, two) => cut(two.rate, 26, end), 'Meanwhile replica 2 goes on'],
  ['the rate after the gap is too high', (one) => scale(one.rate, 42, 1.2), 'After the gap'],
  ['counts of the gap are lost', (one) => add(one.increased, 'A', -400), 'over the gap is not lost'],
])('the verdict is right when %s', async (_, change, broken) => {
  const { Generator } = await load('generator.mjs');
  const { verdicts } = await load('verdict.mjs');
  const generator = new Generator();
  generator.answers.set('A', evenly(0, end, 60));
  generator.answers.set('B', evenly(0, events.applicationKilled, 40));
  generator.answers.set('C', evenly(events.replaced, end, 40));
  const truth: Values = Array.from({ length: 2 * end + 1 }, (__, i) => [
    i / 2,
    generator.count(1000 * (i / 2 - window), 500 * i) / window,
  ]);
  const [first, second] = [replica(truth, generator.answers), replica(truth, generator.answers)];
  cut(first.rate, events.replicaKilled + window, events.replicaScrapes);
  change(first, second);
  const found: { text: string; isKept: boolean }[] = verdicts({
    ...{ observed: { truth, replicas: [first, second] }, generator, events, instances, window },
    tolerance: 0.05,
  });
  const unkept = found.filter(({ isKept }) => !isKept).map(({ text }) => text);

  expect(found).toHaveLength(14);
  expect(unkept).toEqual(
    broken === undefined ? [] : expect.arrayContaining([expect.stringContaining(broken)]),
  );
});

/** What a replica without a fault would see. */
function replica(truth: Values, answers: ReadonlyMap<string, number[]>): Replica {
  const counts = [...answers].map(([target, times]): [string, number] => [target, times.length]);
  return {
    rate: truth.map(([time, value]) => [time, value]),
    increase: truth.map(([time, value]) => [time, value * window]),
    last: new Map(counts),
    increased: new Map(counts),
    resets: new Map(counts.map(([target]) => [target, 0])),
    scrapes: new Map([
      ['B', [0, events.applicationKilled - 0.5]],
      ['C', [events.lastFirstScrape]],
    ]),
  };
}

/** Times in milliseconds, `rate` of them a second, from one second to another. */
function evenly(from: number, to: number, rate: number): number[] {
  return Array.from({ length: (to - from) * rate }, (_, i) => 1000 * from + (1000 * (i + 1)) / rate);
}

function scale(values: Values, at: number, factor: number): void {
  for (const point of values) if (point[0] === at) point[1] *= factor;
}

function cut(values: Values, from: number, to: number): void {
  const kept = values.filter(([time]) => time < from || time > to);
  values.splice(0, values.length, ...kept);
}

function add(counts: Map<string, number>, target: string, count: number): void {
  counts.set(target, (counts.get(target) ?? 0) + count);
}
