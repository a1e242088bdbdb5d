/** How many series a thread may still make: what labels explode must not take its memory, nor the group's. */
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
