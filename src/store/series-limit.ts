/**
 * The number of series that a thread may still make: labels with unbounded values must take neither its memory nor the
 * group's.
 */
export class SeriesLimit {
  #left: number;
  readonly #refused: () => void;

  /** `refused` is called for each update that is lost because its series is one too many. */
  constructor(most: number = Number.POSITIVE_INFINITY, refused: () => void = () => undefined) {
    this.#left = most;
    this.#refused = refused;
  }

  /** Takes one series, to be given back when it is removed. False, and the update is lost, when none is left. */
  take(): boolean {
    if (this.#left <= 0) {
      this.#refused();
      return false;
    }
    this.#left--;
    return true;
  }

  giveBack(): void {
    this.#left++;
  }
}
