import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A running member of a group: member.mjs lists its tasks. */
export class MemberProcess {
  #child;
  #answers;
  #complaints = '';

  constructor([program, ...parameters], directory, { metric, series }) {
    this.#child = spawn(program, [...parameters, metric, String(series)], {
      env: { ...process.env, PROMETHEUS_MULTIPROC_DIR: directory },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stderr.on('data', (chunk) => {
      this.#complaints += chunk;
    });
    // A member that ends too early is noticed by its missing answer.
    this.#child.stdin.on('error', () => {});
    this.#answers = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  async ask(task) {
    this.#child.stdin.write(`${task}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`expected an answer to ${task}, but the process ended\n${this.#complaints}`);
    return JSON.parse(value);
  }

  async end() {
    const ended = once(this.#child, 'close');
    this.#child.stdin.end();
    await ended;
  }
}
