import { constants } from 'node:os';
import { scrapeFailed, unknownProcess } from '../errors';
import type { ExpositionFormat } from '../exposition/document';
import type { Expositions, NativeError, NativeGroup, NativeScrape } from '../native';
import type { View } from './store';

/** The differences between the scrapes of a thread at one time. */
type ScrapeRequest<As extends keyof Expositions> = Pick<
  NativeScrape<As>,
  | 'scopes'
  | 'chosen'
  | 'defaultLabels'
  | 'ownProcess'
  | 'pid'
  | 'perOwner'
  | 'names'
  | 'format'
  | 'knownLayout'
  | 'escaping'
  | 'as'
>;

export type ScrapeContext = Omit<NativeScrape<'text'>, keyof ScrapeRequest<'text'>>;

/**
 * The scrapes of this thread, one after the other. A request during a scrape is answered by a scrape that begins after it: the
 * running one may have read segments before the caller's last updates. Equal requests share a scrape that has not begun.
 */
export class Scrapes {
  readonly #group: () => NativeGroup;
  readonly #context: () => ScrapeContext;
  readonly #scraped: () => void;
  readonly #waiting = new Map<string, Promise<unknown>>();
  #last: Promise<void> | undefined;

  /** `context` is called when a scrape begins, `scraped` when it has ended. */
  constructor(group: () => NativeGroup, context: () => ScrapeContext, scraped: () => void) {
    this.#group = group;
    this.#context = context;
    this.#scraped = scraped;
  }

  get areUnderWay(): boolean {
    return this.#last !== undefined;
  }

  run<As extends keyof Expositions>(
    {
      scopes,
      chosen,
      defaultLabels,
      ownProcess = false,
      pid = 0,
      perOwner = false,
      names,
      escaping = 'underscores',
    }: View,
    format: ExpositionFormat | 'json' | 'numbers',
    as: As,
    knownLayout = 0,
  ): Promise<Expositions[As]> {
    const request: ScrapeRequest<As> = {
      scopes,
      chosen,
      defaultLabels,
      ownProcess,
      pid,
      perOwner,
      names,
      format,
      knownLayout,
      escaping,
      as,
    };
    if (this.#last === undefined) return this.#append(this.#render(request));
    const key = JSON.stringify(request);
    const shared = this.#waiting.get(key);
    if (shared !== undefined) return shared as Promise<Expositions[As]>;
    const waiting = this.#last.then(() => {
      this.#waiting.delete(key);
      return this.#render(request);
    });
    this.#waiting.set(key, waiting);
    return this.#append(waiting);
  }

  #append<T>(scrape: Promise<T>): Promise<T> {
    const finish = (): void => {
      if (this.#last === finished) this.#last = undefined;
    };
    const finished: Promise<void> = scrape.then(finish, finish);
    this.#last = finished;
    return scrape;
  }

  async #render<As extends keyof Expositions>(request: ScrapeRequest<As>): Promise<Expositions[As]> {
    try {
      return await this.#group().render({ ...request, ...this.#context() });
    } catch (error) {
      if ((error as NativeError).errno === -constants.errno.ESRCH) throw unknownProcess(request.pid);
      throw scrapeFailed((error as NativeError).message, error);
    } finally {
      this.#scraped();
    }
  }
}
