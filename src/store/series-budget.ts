/**
 * How many series a thread may still make: labels that explode must take neither its memory nor the group's. Whoever makes a
 * series asks `hasRoom` first, and then either takes its place, to be given back when the series is removed, or refuses the
 * update. A refused series is looked up and refused again at each further update.
 */
export class SeriesBudget {
  readonly #refused: () => void;
  #left: number;

  /** `refused` is told of each update that is lost because its series is one too many. */
  constructor(most: number = Number.POSITIVE_INFINITY, refused: () => void = () => undefined) {
    this.#left = most;
    this.#refused = refused;
  }

  /** Whether there is room for one more. */
  get hasRoom(): boolean {
    return this.#left > 0;
  }

  take(): void {
    this.#left--;
  }

  giveBack(): void {
    this.#left++;
  }

  refuse(): void {
    this.#refused();
  }
}
