/** On a terminal one line that is updated; in a file or a pipe a line for each tenth of the steps. */
export class Progress {
  #isLive = process.stdout.isTTY === true;
  #steps;
  #done = 0;
  #shown = 0;
  #start = performance.now();

  constructor(steps) {
    this.#steps = steps;
  }

  step(text) {
    this.#done++;
    const line = `[${this.#done}/${this.#steps}] ${text}, ${this.#left()} left`;
    if (this.#isLive) {
      process.stdout.write(`\r${line}\x1b[K${this.#done === this.#steps ? '\n' : ''}`);
    } else if (this.#done === this.#steps || this.#done >= this.#shown + this.#steps / 10) {
      console.log(line);
      this.#shown = this.#done;
    }
  }

  /** Minutes and seconds, if the other steps take as long as those before. */
  #left() {
    const perStep = (performance.now() - this.#start) / this.#done;
    const seconds = Math.round((perStep * (this.#steps - this.#done)) / 1000);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  }
}
