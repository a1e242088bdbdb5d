import { scrapeFailed } from '../errors';
import type { Expositions, NativeError, NativeGroup, NativeScrape } from '../native';
import type { View } from './store';

/** What differs between the scrapes of a thread at one time. */
type Asked<As extends keyof Expositions> = Pick<
  NativeScrape<As>,
  'scopes' | 'defaultLabels' | 'perOwner' | 'name' | 'format' | 'as'
>;

/** What a scrape needs beside, as it is when it begins. */
export type Circumstances = Omit<NativeScrape<'text'>, keyof Asked<'text'>>;

/**
 * The scrapes of this thread, one after the other. Who asks while one is going on is answered by one that begins after it,
 * because what is read already may lack what he has counted; all who ask for the same meanwhile share it.
 */
export class Scrapes {
  readonly #group: NativeGroup;
  readonly #circumstances: () => Circumstances;
  readonly #scraped: () => void;
  readonly #waiting = new Map<string, Promise<unknown>>();
  #last: Promise<void> | undefined;

  /** `scraped` is called after each. */
  constructor(group: NativeGroup, circumstances: () => Circumstances, scraped: () => void) {
    this.#group = group;
    this.#circumstances = circumstances;
    this.#scraped = scraped;
  }

  run<As extends keyof Expositions>(
    { scopes, defaultLabels, perOwner = false, name }: View,
    format: 'prometheus' | 'openmetrics' | 'json',
    as: As,
  ): Promise<Expositions[As]> {
    const asked: Asked<As> = { scopes, defaultLabels, perOwner, name, format, as };
    if (this.#last === undefined) return this.#append(this.#render(asked));
    const key = JSON.stringify(asked);
    const shared = this.#waiting.get(key);
    if (shared !== undefined) return shared as Promise<Expositions[As]>;
    const waiting = this.#last.then(() => {
      this.#waiting.delete(key);
      return this.#render(asked);
    });
    this.#waiting.set(key, waiting);
    return this.#append(waiting);
  }

  #append<T>(scrape: Promise<T>): Promise<T> {
    const isOver = (): void => {
      if (this.#last === over) this.#last = undefined;
    };
    const over: Promise<void> = scrape.then(isOver, isOver);
    this.#last = over;
    return scrape;
  }

  async #render<As extends keyof Expositions>(asked: Asked<As>): Promise<Expositions[As]> {
    try {
      return await this.#group.render({ ...asked, ...this.#circumstances() });
    } catch (error) {
      throw scrapeFailed((error as NativeError).message, error);
    } finally {
      this.#scraped();
    }
  }
}
