import { statSync, writeFileSync } from 'node:fs';
import { keyOf } from './exposition';
import type { Member } from './member';

/**
 * One operation of a worker. All workers do the same ones, again and again in the same order, so that their number
 * says all. Values are multiples of 1/8: their sums are exact.
 */
export interface Operation {
  readonly metric: 'requests_total' | 'latency_seconds' | 'payload_bytes' | 'worker_requests_total';
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export const buckets: readonly number[] = [0.25, 1, 5];

export const operations: readonly Operation[] = ['/', '/polls', '/polls/{id}'].flatMap((route, i) => [
  { metric: 'requests_total', labels: { route, status: '200' }, value: 1 },
  { metric: 'latency_seconds', labels: { route }, value: [0.125, 0.25, 6][i] ?? 0 },
  { metric: 'payload_bytes', labels: { route }, value: 100 * i + 0.5 },
  { metric: 'requests_total', labels: { route, status: '500' }, value: i + 0.125 },
  { metric: 'worker_requests_total', labels: {}, value: 1 },
]);

/** A worker at work. It notes in a file that it begins an operation, and that it has done it, a byte each. */
export class Worker {
  readonly member: Member;
  readonly number: number;
  readonly #log: string;
  isAlive = true;

  private constructor(member: Member, number: number, log: string) {
    this.member = member;
    this.number = number;
    this.#log = log;
  }

  /** Sets a member to work; `number` tells it from the others. */
  static async start(member: Member, number: number, log: string): Promise<Worker> {
    writeFileSync(log, '');
    const worker = new Worker(member, number, log);
    await member.run(work, { number, log, operations, buckets });
    return worker;
  }

  /** Operations that it has done, dead or alive. */
  get done(): number {
    return Math.floor(statSync(this.#log).size / 2);
  }

  /** The operation that it was in when it was killed, if it was in one. */
  get interrupted(): Operation | undefined {
    return statSync(this.#log).size % 2 === 1 ? operations[this.done % operations.length] : undefined;
  }

  async kill(): Promise<void> {
    await this.member.kill();
    this.isAlive = false;
  }

  /** Returns when it does nothing any more. */
  async stop(): Promise<void> {
    await this.member.run(() => clearInterval(Reflect.get(globalThis, 'work')));
  }
}

/** Runs in the worker. */
function work(
  { Counter, Gauge, Histogram, Summary }: typeof import('../../../src/index'),
  options: { number: number; log: string; operations: readonly Operation[]; buckets: readonly number[] },
): void {
  const { openSync, writeSync } = process.getBuiltinModule('node:fs');
  const worker = `${options.number}`;
  const common = { help: 'What the workers of the test count.', labelNames: ['route', 'status', 'worker'] };
  const requests = new Counter({ ...common, name: 'requests_total' });
  const latency = new Histogram({ ...common, name: 'latency_seconds', buckets: [...options.buckets] });
  const payload = new Summary({ ...common, name: 'payload_bytes' });
  const own = new Counter({ ...common, name: 'worker_requests_total' });
  const help = 'What the workers of the test are.';
  new Gauge({ name: 'workers', help }).set(1);
  new Gauge({ name: 'workers_ever', help, multiprocessMode: 'sum' }).set(1);
  new Gauge({ name: 'highest_worker_ever', help, multiprocessMode: 'max' }).set(options.number);
  new Gauge({ name: 'lowest_worker', help, multiprocessMode: 'livemin' }).set(options.number);
  new Gauge({ name: 'average_worker', help, aggregator: 'average' }).set(options.number);
  new Gauge({ name: 'worker_of_pid', help, multiprocessMode: 'liveall' }).set(options.number);
  new Gauge({ name: 'worker_of_pid_ever', help, multiprocessMode: 'all' }).set(options.number);

  const log = openSync(options.log, 'a');
  let next = 0;
  const step = (): void => {
    for (let i = 0; i < 200; i++) {
      const { metric, labels, value } = options.operations[next++ % options.operations.length] as Operation;
      writeSync(log, '(');
      if (metric === 'requests_total') requests.inc(labels, value);
      if (metric === 'latency_seconds') latency.observe(labels, value);
      if (metric === 'payload_bytes') payload.observe(labels, value);
      if (metric === 'worker_requests_total') own.inc({ worker }, value);
      writeSync(log, ')');
    }
  };
  Reflect.set(globalThis, 'work', setInterval(step, 1));
}

/** What a sample must be: its value from all that was done, and what may come on top of it. */
export interface Expectation {
  certain: number;
  readonly possible: number[];
}

/** What all these workers' counters, histograms and summaries must show, by `keyOf`. */
export function expectations(workers: readonly Worker[]): Map<string, Expectation> {
  const result = new Map<string, Expectation>();
  const at = (key: string): Expectation => {
    const found = result.get(key) ?? { certain: 0, possible: [] };
    result.set(key, found);
    return found;
  };
  for (const worker of workers) {
    const { done, interrupted } = worker;
    for (const [i, operation] of operations.entries()) {
      const times = Math.floor((done + operations.length - 1 - i) / operations.length);
      for (const [key, value] of contributions(operation, worker.number)) at(key).certain += times * value;
    }
    if (interrupted === undefined) continue;
    for (const [key, value] of contributions(interrupted, worker.number)) at(key).possible.push(value);
  }
  return result;
}

/** Whether `value` is what is certain and any part of what is possible. */
export function fits({ certain, possible }: Expectation, value: number | undefined): boolean {
  let sums = [certain];
  for (const addition of possible) sums = sums.flatMap((sum) => [sum, sum + addition]);
  return value !== undefined && sums.includes(value);
}

/** What one operation adds to which samples. */
function contributions(
  { metric, labels, value }: Operation,
  worker: number,
): (readonly [key: string, value: number])[] {
  const key = (suffix: string, more: Readonly<Record<string, string>> = {}): string =>
    keyOf({ name: metric + suffix, labels: { ...labels, ...more } });
  switch (metric) {
    case 'requests_total':
      return [[key(''), value]];
    case 'worker_requests_total':
      return [[key('', { worker: `${worker}` }), value]];
    case 'payload_bytes':
      return [
        [key('_sum'), value],
        [key('_count'), 1],
      ];
    case 'latency_seconds':
      return [
        [key('_sum'), value],
        [key('_count'), 1],
        ...[...buckets, Number.POSITIVE_INFINITY].map((bound) => {
          const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : `${bound}`;
          return [key('_bucket', { le }), value <= bound ? 1 : 0] as const;
        }),
      ];
    default:
      return [];
  }
}
