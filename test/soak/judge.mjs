import { parse } from './exposition.mjs';

const grows = /^\w+_(total|bucket|sum|count)\{|^most_steps\{/;
/** Between reading the clock and setting the gauge a member may be stopped for a second, or have to wait. */
const lateMs = 10_000;
const mustBeZero = [
  'prom_client_mmap_conflicting_families{}',
  'prom_client_mmap_dropped_series_total{}',
  'prom_client_mmap_dropped_updates_total{}',
  'prom_client_mmap_collect_failures_total{}',
];

/** Checks each scrape, from any process, against all that were there before its request. */
export class Judge {
  violations = [];
  scrapes = 0;
  #startedAt = performance.now();
  #highest = new Map();
  #seen = 0;
  #dead = new Map();

  violation(text) {
    this.violations.push(`after ${((performance.now() - this.#startedAt) / 1000).toFixed(1)} s: ${text}`);
  }

  /** The parent has seen that a life is over. */
  died(life) {
    this.#dead.set(life, this.#dead.size);
  }

  /** What an answer that is asked for now must not fall behind. */
  before() {
    return { highest: new Map(this.#highest), seen: this.#seen, deaths: this.#dead.size };
  }

  /**
   * `knows` says that the scraper has been there all the time: only such a one still has the last numbers of a segment whose
   * file was deleted. Returns the values, or undefined if the scrape could not be read.
   */
  check({ text, error }, before, { who, knows = false }) {
    this.scrapes++;
    let values;
    try {
      if (error !== undefined) throw new Error(error);
      values = parse(text);
    } catch (problem) {
      this.violation(`a scrape of ${who} is no exposition: ${problem.message}`);
      return undefined;
    }
    const isChecked = (key) => isCounted(key) && (knows || !key.startsWith('steady_'));
    for (const [key, highest] of before.highest) {
      if (isChecked(key) && !(values.get(key) >= highest)) {
        this.violation(`${who}: ${key} was ${highest} and is ${values.get(key)}`);
      }
    }
    for (const [key, value] of values) {
      if (isChecked(key) && !(value <= this.#highest.get(key))) this.#highest.set(key, value);
      this.#checkAlone(key, value, values, before, who);
    }
    return values;
  }

  #checkAlone(key, value, values, before, who) {
    const [, labels] = /^wait_seconds_count\{(.*)\}$/.exec(key) ?? [];
    if (labels !== undefined && value !== values.get(`wait_seconds_bucket{le="+Inf",${labels}}`)) {
      this.violation(`${who}: ${key} is ${value}, its bucket +Inf is another`);
    }
    const [, life] = /^alive\{life="(.*)"\}$/.exec(key) ?? [];
    if (this.#dead.get(life) < before.deaths) this.violation(`${who}: ${key} although it was dead before`);
    if (mustBeZero.includes(key) && value !== 0) this.violation(`${who}: ${key} is ${value}`);
    if (key === 'last_seen{}') {
      if (value < before.seen - lateMs) this.violation(`${who}: ${key} was ${before.seen} and is ${value}`);
      this.#seen = Math.max(this.#seen, value);
    }
  }
}

function isCounted(key) {
  if (!grows.test(key)) return false;
  return !key.startsWith('prom_client_mmap_') || key.startsWith('prom_client_mmap_compacted_owners_total');
}
