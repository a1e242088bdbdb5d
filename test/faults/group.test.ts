import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newDirectory } from '../multiprocess/support/directories';
import { valuesOf } from '../multiprocess/support/exposition';
import { type Member, spawn } from '../multiprocess/support/member';
import { expectedOf, type MetricKind, metricKinds, Share } from './support/group-model';
import { scale, timeout } from './support/scale';

const queues = ['mail', 'print', ''];

/** The numbers choose among the members that live then, and among metrics and labels. */
const step = fc.record({
  act: fc.oneof(
    { weight: 10, arbitrary: fc.constant('count' as const) },
    { weight: 4, arbitrary: fc.constantFrom('start', 'end', 'scrape') },
    { weight: 1, arbitrary: fc.constantFrom('remove', 'reset', 'clear', 'resetGroup', 'removeFromGroup') },
  ),
  chosen: fc.nat({ max: 99 }),
  as: fc.constantFrom('process', 'worker', 'thread'),
  kind: fc.constantFrom(...metricKinds),
  queue: fc.constantFrom(...queues),
  amount: fc.integer({ min: 0, max: 9 }),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

test('every member shows what all have counted, in any order of updates, removals, starts and deaths', {
  timeout,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 50, size: 'max' }), async (steps) => {
      const group = new ModelledGroup();
      await group.begin();
      try {
        for (const one of steps) await group.take(one);
        for (const chosen of group.living.keys()) await group.compare(chosen);
      } finally {
        await group.end();
      }
    }),
    { numRuns: 12 * scale, endOnFailure: true },
  );
});

interface Living {
  readonly member: Member;
  readonly share: Share;
  /** The member that has started it, unless it was the test. */
  readonly parent?: Living;
  readonly isThread: boolean;
}

/** The members of a group, beside the model of their counts. */
class ModelledGroup {
  readonly #directory = newDirectory();
  readonly #shares: Share[] = [];
  living: Living[] = [];

  /** The first member never ends, and scrapes before all others, so there is one session. */
  async begin(): Promise<void> {
    await this.#start('process', undefined);
    await this.compare(0);
  }

  async end(): Promise<void> {
    for (const { member } of this.living.filter((one) => one.parent === undefined)) await member.kill();
  }

  async take({ act, chosen, as, kind, queue, amount }: Step): Promise<void> {
    // The first member only reads while there are others, so that it is alone with the counts of the dead now and then.
    const first = act === 'count' && this.living.length > 1 ? 1 : 0;
    const number = first + (chosen % (this.living.length - first));
    const one = this.living[number] as Living;
    if (act === 'scrape') await this.compare(number);
    else if (act === 'start') await this.#start(as, one);
    else if (act === 'end') await this.#kill(one);
    else await this.#operate(one, { act, kind, queue, amount });
  }

  async compare(chosen: number): Promise<void> {
    const text = await (this.living[chosen] as Living).member.scrape();
    expect(valuesOf(text)).toEqual(expectedOf(this.#shares));
  }

  async #start(as: Step['as'], by: Living | undefined): Promise<void> {
    if (this.living.length > 7) return;
    const parent = as === 'process' ? undefined : (by?.parent ?? by);
    let member: Member;
    if (parent === undefined) member = await spawn({ directory: this.#directory });
    else if (as === 'thread') member = await parent.member.startThread();
    else member = await parent.member.startWorker();
    const share = new Share();
    this.#shares.push(share);
    this.living.push({ member, share, isThread: as === 'thread', ...(parent && { parent }) });
  }

  /** A worker outlives its primary for a moment, so it ends first. */
  async #kill(one: Living): Promise<void> {
    if (one === this.living[0]) return;
    const others = this.living.filter(({ parent }) => parent === one);
    for (const other of others) if (!other.isThread) await other.member.kill();
    await one.member.kill();
    for (const { share } of [one, ...others]) share.lives = false;
    this.living = this.living.filter((other) => other !== one && !others.includes(other));
  }

  async #operate({ member, share }: Living, operation: Operation): Promise<void> {
    const { act, kind, queue, amount } = operation;
    const answer = await member.run(operateThere, operation);
    const labels = kind.labelNames.length > 0 ? `queue=${JSON.stringify(queue)}` : '';
    if (act === 'count') share.count(kind, labels, amount);
    if (act === 'clear') share.clear();
    if (act === 'reset') share.reset(kind);
    if (act === 'remove' && labels !== '') share.remove(kind, labels);
    if (act === 'resetGroup') for (const each of this.#shares) each.reset(kind);
    if (act === 'removeFromGroup') for (const each of this.#shares) each.remove(kind, labels);
    expect(answer?.late ?? 0).toBe(0);
  }
}

interface Operation {
  readonly act: Exclude<Step['act'], 'start' | 'end' | 'scrape'>;
  readonly kind: MetricKind;
  readonly queue: string;
  readonly amount: number;
}

interface AnyMetric {
  inc(labels: object, amount: number): void;
  observe(labels: object, amount: number): void;
  remove(labels: object): void;
  reset(): void;
}

type Library = typeof import('../../src/index');

/** Runs in a member. */
function operateThere(
  library: Library,
  { act, kind, queue, amount }: Operation,
): Promise<{ late: number }> | undefined {
  const { register } = library;
  const labels = kind.labelNames.length > 0 ? { queue } : {};
  const known = register.getSingleMetric(kind.name) as unknown as AnyMetric | undefined;
  if (act === 'resetGroup') return register.resetGroup(kind.name);
  if (act === 'removeFromGroup') return register.removeFromGroup(kind.name, labels);
  if (act === 'clear') register.clear();
  if (act === 'reset') known?.reset();
  if (act === 'remove' && kind.labelNames.length > 0) known?.remove(labels);
  if (act === 'count') {
    const Metric = library[kind.type] as unknown as new (options: object) => AnyMetric;
    const metric = known ?? new Metric({ ...kind, help: 'What the members do.' });
    if (kind.type === 'Histogram') metric.observe(labels, amount);
    else metric.inc(labels, amount);
  }
  return undefined;
}
