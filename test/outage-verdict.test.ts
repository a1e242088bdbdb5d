import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';

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

interface Scrape {
  readonly time: number;
  readonly duration: number;
}

interface Answer {
  readonly sent: number;
  readonly answered: number;
}

type Values = [time: number, value: number][];

interface Replica {
  rate: Values;
  increase: Values;
  last: Map<string, number>;
  increased: Map<string, number>;
  resets: Map<string, number>;
  scrapes: Map<string, Scrape[]>;
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
  const { expectation } = await load('expectation.mjs');
  const generator = new Generator();
  generator.answers.set('A', evenly(0, end, 60));
  generator.answers.set('B', evenly(0, events.applicationKilled, 40));
  generator.answers.set('C', evenly(events.replaced, end, 40));
  const truth: Values = Array.from({ length: 2 * end + 1 }, (__, i) => [
    i / 2,
    generator.count(1000 * (i / 2 - window), 500 * i) / window,
  ]);
  const rate = truth.map(([time]): Values[number] => [
    time,
    expectation({ scrapes: goodScrapes(), generator, begin: 1000 * (time - window), end: 1000 * time }).least,
  ]);
  const [first, second] = [replica(rate, generator.answers), replica(rate, generator.answers)];
  cut(first.rate, events.replicaKilled + window, events.replicaScrapes);
  change(first, second);
  const found: { text: string; isKept: boolean }[] = verdicts({
    observed: { truth, replicas: [first, second] },
    ...{ generator, events, instances, window },
  });
  const unkept = found.filter(({ isKept }) => !isKept).map(({ text }) => text);

  expect(found).toHaveLength(14);
  expect(unkept).toEqual(
    broken === undefined ? [] : expect.arrayContaining([expect.stringContaining(broken)]),
  );
});

describe('what rate() can show of the truth', () => {
  const at = (time: number, duration = 0): Scrape => ({ time: 1000 * time, duration: 1000 * duration });
  const answer = (sent: number, answered = sent): Answer => ({
    sent: 1000 * sent,
    answered: 1000 * answered,
  });

  test.each<[string, Scrape[], Answer[], { least: number; most: number }]>([
    // 6 answers of 4 s, drawn out by half a second at both sides to 5.
    [
      'is exact',
      [0.5, 2.5, 4.5].map((time) => at(time)),
      [1, 1, 2, 3, 3, 4].map((time) => answer(time)),
      both(1.5),
    ],
    // The last scrape is missing: 3 answers of 2 s, drawn out by 0.5 s and by a half of the interval of 1 s.
    [
      'is drawn out half-way to a scrape that is missing',
      [0.5, 1.5, 2.5].map((time) => at(time)),
      [1, 1, 2, 4].map((time) => answer(time)),
      both((3 * (2 + 0.5 + 0.5)) / 2 / 5),
    ],
    [
      'leaves open on which side of a scrape an answer was counted',
      [at(0), at(5)],
      [answer(1), answer(4.9, 5.1)],
      { least: 0.2, most: 0.4 },
    ],
    [
      'leaves open when a scrape has read',
      [at(0, 0.5), at(5, 0.5)],
      [answer(0.2), answer(1), answer(5.2)],
      { least: 0.2, most: 0.6 },
    ],
    ['is nothing with one scrape', [at(3)], [answer(1)], both(0)],
  ])('%s', async (_, scrapesInWindow, answers, expected) => {
    const { Generator } = await load('generator.mjs');
    const { expectation } = await load('expectation.mjs');
    const generator = new Generator();
    generator.answers.set('A', answers);
    const found = expectation({ scrapes: new Map([['A', scrapesInWindow]]), generator, begin: 0, end: 5000 });

    expect(found.least).toBeCloseTo(expected.least);
    expect(found.most).toBeCloseTo(expected.most);
  });

  function both(value: number): { least: number; most: number } {
    return { least: value, most: value };
  }
});

/** What a replica without a fault would see. */
function replica(rate: Values, answers: ReadonlyMap<string, readonly Answer[]>): Replica {
  const counts = [...answers].map(([target, times]): [string, number] => [target, times.length]);
  return {
    rate: rate.map(([time, value]) => [time, value]),
    increase: rate.map(([time, value]) => [time, value * window]),
    last: new Map(counts),
    increased: new Map(counts),
    resets: new Map(counts.map(([target]) => [target, 0])),
    scrapes: goodScrapes(),
  };
}

function goodScrapes(): Map<string, Scrape[]> {
  return new Map([
    ['A', scrapes(0, end)],
    ['B', scrapes(0, events.applicationKilled - 0.5)],
    ['C', scrapes(events.lastFirstScrape, end)],
  ]);
}

/** Every half second from one second to another, in no time. */
function scrapes(from: number, to: number): Scrape[] {
  return Array.from({ length: 2 * (to - from) + 1 }, (_, i) => ({
    time: 1000 * (from + i / 2),
    duration: 0,
  }));
}

/** `rate` answers a second, each at once, from one second to another; in milliseconds. */
function evenly(from: number, to: number, rate: number): Answer[] {
  const times = Array.from({ length: (to - from) * rate }, (_, i) => 1000 * from + (1000 * (i + 1)) / rate);
  return times.map((time) => ({ sent: time, answered: time }));
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
