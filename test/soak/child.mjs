import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A process of the test, and what is asked of it. */
export class Child {
  /** Resolves with how it has ended, when nothing comes from it any more. */
  closed;
  isClosed = false;
  #process;
  #requests = 0;
  #waiting = new Map();
  #stderr = '';

  /** `tell` gets its messages that are no answers. */
  constructor(program, argument, tell) {
    this.#process = fork(fileURLToPath(new URL(program, import.meta.url)), [argument], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      detached: true, // Ctrl-C is for the parent, which then ends the rest
    });
    this.#process.stderr.on('data', (text) => {
      this.#stderr = `${this.#stderr}${text}`.slice(-4000);
    });
    this.#process.on('error', () => undefined); // a message to one that is dead
    this.#process.on('message', (message) => {
      if (message.id === undefined) return tell(message);
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    });
    this.closed = new Promise((resolve) => {
      this.#process.once('close', (code, signal) => {
        this.isClosed = true;
        for (const answer of this.#waiting.values()) answer(undefined);
        resolve({ code, signal, stderr: this.#stderr });
      });
    });
  }

  send(message) {
    if (this.#process.connected) this.#process.send(message, () => undefined);
  }

  get pid() {
    return this.#process.pid;
  }

  signal(signal) {
    this.#process.kill(signal);
  }

  /** The answer to a scrape; undefined if it has died instead. `request` says what else it does before. */
  scrape(request = {}) {
    if (this.isClosed || !this.#process.connected) return Promise.resolve(undefined);
    const id = this.#requests++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.send({ ...request, ask: id });
    });
  }
}
