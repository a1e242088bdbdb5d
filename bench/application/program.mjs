import { random } from '../random.mjs';
import { childOf, kinds, labelValues, metrics } from './metrics.mjs';

/** Label values and amounts that the calls of a loop go through. */
const steps = 600;
/** Steps of each loop before the next one has its turn, while they are mixed. */
const turn = 10;

/** The forty metrics of one rival, and a loop for each kind of calls. */
export class Program {
  #metrics;
  #loops;
  #calls = new Map();

  constructor(client) {
    this.#metrics = metrics.map(({ type, name, labelNames }) => ({
      type,
      metric: new client[type]({ name, help: 'A metric.', labelNames }),
    }));
    const variables = { ...this.#variables(), ...inputs() };
    this.#loops = kinds.map((kind) => ({ ...kind, loop: compiled(kind.calls.join('\n'), variables) }));
  }

  /** Makes all calls of all loops, a few of each in turn. Returns how many. */
  mix() {
    for (let from = 0; from < steps; from += turn) {
      for (const { loop } of this.#loops) loop(from, from + turn);
    }
    return this.#loops.reduce((sum, loop) => sum + this.#count(loop), 0);
  }

  /** Makes the calls of one loop. Returns how many. */
  run(kind) {
    const { loop, ...its } = this.#loops.find(({ name }) => name === kind);
    loop(0, steps);
    return this.#count(its);
  }

  #count({ type, calls }) {
    const made = calls.length * steps;
    this.#calls.set(type, (this.#calls.get(type) ?? 0) + made);
    return made;
  }

  /** Throws unless the metrics have counted every call. Gauges do not tell how often they were set. */
  async check() {
    for (const type of ['Counter', 'Histogram', 'Summary']) {
      const ofType = this.#metrics.filter((one) => one.type === type);
      const values = (await Promise.all(ofType.map(({ metric }) => metric.get()))).flatMap(
        (got) => got.values,
      );
      const found = values
        .filter(({ metricName }) => type === 'Counter' || metricName?.endsWith('_count'))
        .reduce((sum, { value }) => sum + value, 0);
      const expected = this.#calls.get(type);
      if (found !== expected) throw new Error(`${type}: expected ${expected} calls, but got ${found}`);
    }
  }

  #variables() {
    const entries = metrics.flatMap((one, index) => {
      const { metric } = this.#metrics[index];
      const child = () => metric.labels(...one.labelNames.map((name) => labelValues[name][0]));
      return [[one.name, metric], ...(one.labelNames.length === 0 ? [] : [[childOf(one), child()]])];
    });
    return Object.fromEntries(entries);
  }
}

/** A loop over steps. Its text is generated, so that every call to every metric is a call site of its own, as in an application. */
function compiled(calls, variables) {
  const text = `return (from, to) => { for (let step = from; step < to; step++) { const v = amounts[step]; ${calls} } }`;
  return new Function(...Object.keys(variables), text)(...Object.values(variables));
}

/** For each label, and for the amounts, an array with one value for each step. */
function inputs() {
  const next = random(1);
  const drawn = (draw) => Array.from({ length: steps }, draw);
  const labels = Object.entries(labelValues).map(([name, all]) => [
    name,
    drawn(() => all[Math.floor(next() * all.length)]),
  ]);
  return { ...Object.fromEntries(labels), amounts: drawn(() => -0.2 * Math.log(1 - next())) };
}
