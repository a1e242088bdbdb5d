import { expect, test } from 'vitest';
import { newDirectory } from '../multiprocess/support/directories';
import { spawn } from '../multiprocess/support/member';
import { scale, timeout } from './support/scale';

const kinds = ['Counter', 'Gauge', 'Histogram', 'Summary'] as const;

test.each(kinds)(
  'an operation of a %s for which the stack has no room is done or not, and never half',
  {
    timeout,
  },
  async (kind) => {
    const member = await spawn({ directory: newDirectory() });
    const result = await member.run(overflow, { kind, rounds: 500 * scale });

    expect(result.faults).toEqual([]);
    expect(result.overflows).toBeGreaterThan(100);
    expect(result.done).toBeGreaterThan(100);
  },
);

test('a metric that is made where the stack has no room can be made afterwards, and is shared', async () => {
  const directory = newDirectory();
  const member = await spawn({ directory });
  const other = await spawn({ directory });
  const errors = await member.run(({ Counter }) => {
    const call = (task: () => unknown): unknown => task();
    const errors: string[] = [];
    const make = (): void => new Counter({ name: 'made', help: 'h' }).inc();
    for (let words = 125_000; words > 0; words -= 250) {
      try {
        Reflect.apply(call, undefined, [make, ...new Array(words).fill(0)]);
        return errors;
      } catch (error) {
        errors.push((error as Error).message);
      }
    }
    return errors;
  });

  expect([...new Set(errors)]).toEqual(['Maximum call stack size exceeded']);
  expect(await other.scrape()).toContain('\nmade 1\n');
  expect(await member.warnings()).toEqual([]);
});

/** Does random operations, each with another amount of stack, and looks after each at what a scrape and `get()` show. */
async function overflow(
  { register, ...library }: typeof import('../../src/index'),
  { kind, rounds }: { readonly kind: (typeof kinds)[number]; readonly rounds: number },
): Promise<{ faults: string[]; overflows: number; done: number }> {
  const random = (below: number): number => Math.floor(Math.random() * below);
  const call = (task: () => void): void => task();
  const within = (words: number, task: () => void): void =>
    Reflect.apply(call, undefined, [task, ...new Array(words).fill(0)]) as undefined;
  await undefined; // from here on each round begins at the same depth
  let [fits, isTooMuch] = [0, 2 ** 17];
  while (isTooMuch - fits > 1) {
    const middle = (fits + isTooMuch) >> 1;
    try {
      within(middle, () => undefined);
      fits = middle;
    } catch {
      isTooMuch = middle;
    }
  }

  const Metric = library[kind] as typeof library.Gauge;
  const metric = new Metric({ name: 'm', help: 'h', labelNames: ['a'], aggregator: 'min' });
  const writer = kind === 'Histogram' || kind === 'Summary' ? 'observe' : 'inc';
  const shownName = writer === 'inc' ? 'm' : 'm_count';
  const write = (to: object, ...args: unknown[]): void => {
    (to as Record<string, (...args: unknown[]) => void>)[writer]?.(...args);
  };
  const shown = async (): Promise<Map<string, number>> => {
    const lines = (await register.metrics()).matchAll(
      new RegExp(`^${shownName}\\{a="(\\d+)"\\} (\\d+)$`, 'gm'),
    );
    return new Map(Array.from(lines, ([, a = '', value]) => [a, Number(value)]));
  };
  const own = async (): Promise<[string, number][]> => {
    const values = (await metric.get()).values as {
      metricName?: string;
      labels: { a?: string };
      value: number;
    }[];
    const counts = values.filter(({ metricName = 'm' }) => metricName === shownName);
    return counts.map(({ labels, value }) => [`${labels.a}`, value]);
  };

  const faults: string[] = [];
  let [overflows, done] = [0, 0];
  let before = new Map<string, number>();
  for (let round = 0; round < rounds && faults.length === 0; round++) {
    const a = `${random(round % 200 < 100 ? 10 : 100)}`;
    const value = before.get(a);
    const [name, operation, after] = (
      [
        ['write', () => write(metric, { a }, 1), (value ?? 0) + 1],
        ['write by a child', () => write(metric.labels(a)), (value ?? 0) + 1],
        ['write by a child', () => write(metric.labels(a), 1), (value ?? 0) + 1],
        ['remove', () => metric.remove({ a }), undefined],
      ] as const
    )[writer === 'observe' ? ([0, 2, 3][random(3)] as number) : random(4)] as [
      string,
      () => void,
      number | undefined,
    ];
    let isDone = false;
    try {
      within(Math.max(0, fits - random([50, 500, 5000, 15_000, fits][random(5)] as number)), operation);
      isDone = true;
      done++;
    } catch (error) {
      if ((error as Error).message !== 'Maximum call stack size exceeded') throw error;
      overflows++;
    }
    const now = await shown();
    const expected = isDone ? [after] : [value, after, ...(name === 'remove' ? [] : [value ?? 0])];
    if (!expected.includes(now.get(a))) faults.push(`${name}: ${value} became ${now.get(a)}`);
    for (const key of new Set([...now.keys(), ...before.keys()])) {
      if (key !== a && now.get(key) !== before.get(key))
        faults.push(`${name}: another series became ${now.get(key)}`);
    }
    const counted = await own();
    const isSame = counted.length === now.size && counted.every(([key, count]) => now.get(key) === count);
    if (!isSame)
      faults.push(`${name}: get() has ${JSON.stringify(counted)}, a scrape ${JSON.stringify([...now])}`);
    before = now;
  }
  return { faults, overflows, done };
}
