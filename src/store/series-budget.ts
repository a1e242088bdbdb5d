/**
 * How many series a thread may still make: labels that explode must take neither its memory nor the group's. Whoever makes a
 * series takes one, to be given back when the series is removed. A refused series is looked up and refused again at each
 * further update.
 */
export class SeriesBudget {
  /** How many there still may be. */
  left: number;
  readonly #refused: () => void;

  /** `refused` is told of each update that is lost because its series is one too many. */
  constructor(most: number = Number.POSITIVE_INFINITY, refused: () => void = () => undefined) {
    this.left = most;
    this.#refused = refused;
  }

  /** False when there is none left. */
  take(): boolean {
    if (this.left <= 0) {
      this.#refused();
      return false;
    }
    this.left--;
    return true;
  }

  giveBack(): void {
    this.left++;
  }
}
