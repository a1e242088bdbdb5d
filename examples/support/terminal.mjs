// On a terminal, one line that is updated; in a file or a pipe, plain lines, and fewer of them.

export class Terminal {
  #isLive = process.stdout.isTTY === true;
  #isColored = process.stdout.isTTY === true && !process.env.NO_COLOR;
  #isOpen = false;
  #next = 0;

  /** Shows the present state: replaces the last line, or, without a terminal, adds a line every two seconds. */
  progress(text) {
    if (this.#isLive) {
      process.stdout.write(`\r${text}\x1b[K`);
      this.#isOpen = true;
    } else if (performance.now() >= this.#next) {
      console.log(text);
      this.#next = performance.now() + 2000;
    }
  }

  /** Keeps the last state; further output begins on a new line. */
  done() {
    if (this.#isOpen) process.stdout.write('\n');
    this.#isOpen = false;
  }

  line(text) {
    this.done();
    console.log(text);
  }

  good(text) {
    this.line(this.#color(32, `✔ ${text}`));
  }

  bad(text) {
    this.line(this.#color(31, `✘ ${text}`));
  }

  #color(code, text) {
    return this.#isColored ? `\x1b[${code}m${text}\x1b[0m` : text;
  }
}
