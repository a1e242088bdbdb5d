import { Child } from './child.mjs';

/** How a process dies, what its parent then sees, and whether it may be within a step. */
const kill = {
  how: 'SIGKILL',
  die: (child) => child.signal('SIGKILL'),
  code: null,
  signal: 'SIGKILL',
  isClean: false,
};
/** Half of the deaths are kills. */
const deaths = [
  kill,
  kill,
  kill,
  { how: 'SIGTERM', die: (child) => child.signal('SIGTERM'), code: null, signal: 'SIGTERM', isClean: false },
  { how: 'exit', die: (child) => child.send({ die: 'exit' }), code: 3, signal: null, isClean: true },
  { how: 'throw', die: (child) => child.send({ die: 'throw' }), code: 1, signal: null, isClean: true },
];
const stop = {
  how: 'stop',
  die: (child) => child.send({ stop: true }),
  code: 0,
  signal: null,
  isClean: true,
};
const patienceMs = 30_000;
const pauseMs = 1000;

/** A place for one process after the other, until it is told to stop. */
export class Slot {
  child;
  #name;
  #options;
  #test;
  #isOver = false;
  #hurry = () => undefined;
  #running;

  /** `test` has the judge, the books and the counts of the whole. */
  constructor(name, options, test) {
    this.#name = name;
    this.#options = options;
    this.#test = test;
    this.#running = this.#run();
  }

  stop() {
    this.#isOver = true;
    this.#hurry();
    return this.#running;
  }

  /** Whether its present process answers. */
  get isReady() {
    return this.child !== undefined && !this.child.isClosed;
  }

  async #run() {
    for (let n = 0; !this.#isOver; n++) await this.#live(`${this.#name}-${n}`);
  }

  async #live(life) {
    const { judge, books, counts } = this.#test;
    const settle = (ended, isClean) => {
      if (!books.settle(ended, isClean)) return;
      judge.died(ended);
      counts.deaths++;
    };
    let isReady = () => undefined;
    const ready = new Promise((resolve) => {
      isReady = resolve;
    });
    const child = new Child(
      'member.mjs',
      JSON.stringify({ life, ...this.#test.places, ...this.#options }),
      ({ ready: begun, ended, how, warning }) => {
        if (begun) isReady();
        if (warning !== undefined) judge.violation(`${life} warns: ${warning}`);
        if (ended === undefined) return;
        counts.count(`thread, ${how}`);
        settle(ended, how !== 'terminate');
      },
    );
    await Promise.race([ready, child.closed]);
    this.child = child;
    if (!child.isClosed && !this.#isOver) await this.#while(child);
    const death = this.#isOver ? stop : deaths[Math.floor(Math.random() * deaths.length)];
    death.die(child);
    child.signal('SIGCONT'); // after a SIGKILL of a stopped process too late for it
    const timer = setTimeout(() => {
      judge.violation(`${life} lives for ${patienceMs / 1000} s after its ${death.how}`);
      child.signal('SIGKILL');
    }, patienceMs);
    const { code, signal, stderr } = await child.closed;
    clearTimeout(timer);
    counts.count(`process, ${death.how}`);
    if (code !== death.code || signal !== death.signal) {
      judge.violation(`${life} should end by ${death.how}, but: code ${code}, signal ${signal}\n${stderr}`);
    }
    // The steps of the threads that its end has cut off are unknown.
    for (const ended of books.open(life)) settle(ended, death.isClean && ended === life);
  }

  /** Its life, in which it is now and then stopped for a second. */
  async #while(child) {
    if (this.#options.steady) return this.#pause(2 ** 31 - 1);
    await this.#pause(300 + Math.random() * 2700);
    if (this.#isOver || child.isClosed || Math.random() > 0.05) return;
    this.#test.counts.count('SIGSTOP');
    child.signal('SIGSTOP');
    await this.#pause(pauseMs);
    if (Math.random() > 0.5) return; // it dies as it is
    child.signal('SIGCONT');
    await this.#pause(pauseMs);
  }

  #pause(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
