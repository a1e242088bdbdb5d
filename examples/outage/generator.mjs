// The load generator, which is also the truth: it notes the time of every answer. It spreads its requests as a load balancer would,
// and tries another instance when one does not answer.
import { get } from 'node:http';

const paths = ['/cart', '/item/1', '/cart', '/pay'];

export class Generator {
  /** The times of all answers in milliseconds, by the target of the instance that has answered. */
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
    return lists.reduce((sum, times) => sum + upTo(times, to) - upTo(times, from), 0);
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
      if (await isAnswered(`http://127.0.0.1:${port}${path}`)) {
        this.answers.get(target).push(Date.now());
        return;
      }
      this.cutOff += 1;
    }
  }
}

/** How many of the ascending times are not later. */
function upTo(times, limit) {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** On a connection of its own, so that each worker gets its share. False if it was lost with its worker. */
function isAnswered(url) {
  return new Promise((resolve) => {
    const sent = get(url, { agent: false, timeout: 2000 }, (response) => {
      response.resume();
      response.on('end', () => resolve(true));
      response.on('error', () => resolve(false));
    });
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => resolve(false));
  });
}
