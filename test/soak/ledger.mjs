// What was really counted. A member's step increments every metric, and then writes the number of its steps into a file of
// its own: the kernel keeps it when the member dies, and it is at most one step behind the metrics. What the n-th
// step counts follows from n alone.
import { closeSync, existsSync, openSync, readdirSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export const queues = Array.from({ length: 8 }, (_, i) => `queue-${i}`);
export const methods = ['GET', 'POST'];
export const statuses = ['200', '404', '500'];
export const sizes = ['small', 'large'];
export const buckets = [0.25, 0.5];
/** Multiples of 1/4: their sums are exact. */
const waits = [0, 0.25, 0.5, 0.75];
/** After so many steps all is as before: the least common multiple of the lengths above. */
const period = 24;

export function stepAt(n) {
  return {
    queue: queues[n % 8],
    method: methods[n % 2],
    status: statuses[n % 3],
    size: sizes[n % 2],
    wait: waits[n % 4],
  };
}

export class Ledger {
  #file;
  #steps = new Float64Array(1);

  constructor(path) {
    this.#file = openSync(path, 'w');
    this.write(0);
  }

  write(steps) {
    this.#steps[0] = steps;
    writeSync(this.#file, this.#steps, 0, 8, 0);
  }

  close() {
    closeSync(this.#file);
  }
}

/** The sum of all ledgers of lives that are over. */
export class Books {
  steps = 0;
  steadySteps = 0;
  lives = 0;
  /** Lives that may have ended within a step. */
  unclean = 0;
  #directory;
  #byPhase = new Array(period).fill(0);

  constructor(directory) {
    this.#directory = directory;
  }

  /** Takes the ledger of a life that is over; false if that was done before. */
  settle(life, isClean) {
    if (!existsSync(join(this.#directory, life))) return false;
    const steps = this.#read(life);
    unlinkSync(join(this.#directory, life));
    this.lives++;
    if (!isClean) this.unclean++;
    if (life.startsWith('steady')) {
      this.steadySteps += steps;
      return true;
    }
    this.steps += steps;
    for (let phase = 0; phase < period; phase++) {
      this.#byPhase[phase] += Math.floor((steps + period - 1 - phase) / period);
    }
    return true;
  }

  /** The steps of all but the steady one, and in how many more members may be, or may have died. */
  soFar() {
    const lives = readdirSync(this.#directory).filter((life) => !life.startsWith('steady'));
    return {
      steps: lives.reduce((sum, life) => sum + this.#read(life), this.steps),
      maybeWithin: this.unclean + lives.length,
    };
  }

  /** The lives of a process whose ledgers are still there. */
  open(processLife) {
    return readdirSync(this.#directory).filter(
      (life) => life === processLife || life.startsWith(`${processLife}.`),
    );
  }

  /** What a scrape must show, by `name{labels}` with the labels in the order of their names. */
  expected() {
    const totals = new Map([['steady_total{}', this.steadySteps]]);
    const add = (key, amount) => totals.set(key, (totals.get(key) ?? 0) + amount);
    this.#byPhase.forEach((steps, phase) => {
      const { queue, method, status, size, wait } = stepAt(phase);
      add(`jobs_total{queue="${queue}"}`, steps);
      add(`visits_total{method="${method}",status="${status}"}`, steps);
      for (const bound of [...buckets, Infinity]) {
        const le = bound === Infinity ? '+Inf' : bound;
        add(`wait_seconds_bucket{le="${le}",size="${size}"}`, wait <= bound ? steps : 0);
      }
      add(`wait_seconds_sum{size="${size}"}`, steps * wait);
      add(`wait_seconds_count{size="${size}"}`, steps);
      add('parts_sum{}', steps);
      add('parts_count{}', steps);
    });
    return totals;
  }

  #read(life) {
    const bytes = readFileSync(join(this.#directory, life));
    return bytes.length < 8 ? 0 : bytes.readDoubleLE();
  }
}
