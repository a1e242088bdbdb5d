// The load generator, which is also the truth: it notes the time of every answer. It spreads its requests as a load balancer would,
// and tries another instance when one does not answer.
import { get } from 'node:http';

const paths = ['/cart', '/item/1', '/cart', '/pay'];

export class Generator {
  /** When each request that was answered was sent, and when its answer was here, in milliseconds; by the target that has answered. */
  answers = new Map();
  cutOff = 0;
  #instances = [];
  #sent = 0;
  #underWay = new Set();
  #timer;

  /** Sends so many requests a second, evenly. */
  start(rate, instances) {
    this.use(instances);
    const begin = performance.now();
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - begin) / 1000) * rate);
      while (this.#sent < due) this.#send();
    }, 5);
  }

  /** From now on these instances get the requests. */
  use(instances) {
    this.#instances = instances;
    for (const { target } of instances) {
      if (!this.answers.has(target)) this.answers.set(target, []);
    }
  }

  /** Ends when all requests have their answers. */
  async stop() {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
  }

  /** Answers of all instances, or of one, later than `from` and not later than `to`. */
  count(from, to, target) {
    const lists = target === undefined ? [...this.answers.values()] : [this.answers.get(target)];
    return lists.reduce((sum, answers) => sum + upTo(answers, to) - upTo(answers, from), 0);
  }

  /**
   * How many answers of a target were certainly counted between two scrapes, and how many possibly. A scrape has the time of its begin and its
   * duration, in milliseconds.
   */
  between(target, first, last) {
    const answers = this.answers.get(target) ?? [];
    return {
      certain: answers.filter(
        ({ sent, answered }) => sent > first.time + first.duration && answered <= last.time,
      ).length,
      possible: answers.filter(
        ({ sent, answered }) => answered > first.time && sent <= last.time + last.duration,
      ).length,
    };
  }

  #send() {
    const number = this.#sent++;
    const path = paths[Math.floor(number / this.#instances.length) % paths.length];
    const request = this.#tryAll(path, number).finally(() => this.#underWay.delete(request));
    this.#underWay.add(request);
  }

  async #tryAll(path, number) {
    const candidates = this.#instances.map((_, i, all) => all[(number + i) % all.length]);
    for (const { port, target } of candidates) {
      const sent = Date.now();
      if (await isAnswered(`http://127.0.0.1:${port}${path}`)) {
        this.answers.get(target).push({ sent, answered: Date.now() });
        return;
      }
      this.cutOff += 1;
    }
  }
}

/** How many of the answers, which are in the order of their arrival, are not later. */
function upTo(answers, limit) {
  let [low, high] = [0, answers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (answers[middle].answered <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** On a connection of its own, so that each worker gets its share. False if it was lost with its worker. */
function isAnswered(url) {
  return new Promise((resolve) => {
    const sent = get(url, { agent: false, timeout: 20_000 }, (response) => {
      response.resume();
      response.on('end', () => resolve(true));
      response.on('error', () => resolve(false));
    });
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => resolve(false));
  });
}
