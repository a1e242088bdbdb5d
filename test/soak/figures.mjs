/** What has happened, and how often. */
export class Counts {
  deaths = 0;
  #rows = new Map();

  count(what) {
    this.#rows.set(what, (this.#rows.get(what) ?? 0) + 1);
  }

  longest(what, value) {
    this.#rows.set(what, Math.max(this.#rows.get(what) ?? 0, Math.round(value * 100) / 100));
  }

  rows() {
    return [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

/** One line that is rewritten where a person watches; a line now and then where a file or a pipe does. */
export class Progress {
  #isLive = process.stdout.isTTY === true;
  #next = 0;

  /** Shows what `state` returns, if it is time. */
  show(state) {
    if (performance.now() < this.#next) return;
    this.#next = performance.now() + (this.#isLive ? 200 : 10_000);
    process.stdout.write(this.#isLive ? `\r${state()}\x1b[K` : `${state()}\n`);
  }

  done() {
    if (this.#isLive) process.stdout.write('\n');
  }
}

export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

export function median(values) {
  return quantile(values, 0.5);
}
