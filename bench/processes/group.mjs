import { makeGroupDirectory } from '../group-directory.mjs';
import { MemberProcess } from './member-process.mjs';

/** Processes that count into one directory, and the fresh processes that scrape them. */
export class Group {
  directory = makeGroupDirectory();
  #members;
  #command;
  #work;
  #counts = 0;

  constructor(command, processes, work) {
    this.#command = command;
    this.#work = work;
    this.#members = Array.from({ length: processes }, () => this.#start());
  }

  #start() {
    return new MemberProcess(this.#command, this.directory, this.#work);
  }

  async count() {
    await Promise.all(this.#members.map((member) => member.ask('count')));
    this.#counts++;
  }

  /**
   * The scrapes of a fresh process; the numbers change before each of them. Throws unless every scrape shows all counts of the
   * members, and `more` counts of dead owners.
   */
  async judged(scrapes, more = 0) {
    const judge = this.#start();
    const done = [];
    while (done.length < scrapes) {
      await this.count();
      const scrape = await judge.ask('scrape');
      const expected = this.#counts * this.#members.length * this.#work.series + more;
      if (scrape.total !== expected)
        throw new Error(`expected ${expected} counts, but a scrape has ${scrape.total}`);
      done.push(scrape);
    }
    await judge.end();
    return done;
  }

  async end() {
    await Promise.all(this.#members.map((member) => member.end()));
  }
}
