import { median, quantile } from './figures.mjs';

/** How a soak went, over time: all in seconds since its begin, scrapes in milliseconds. */
export class Course {
  /** Of the scraper that lives all the time: how long each took, the part that is no waiting, and what it saw. */
  scrapes = [];
  /** What the stocktakings found. */
  stock = [];
  endedAt = 0;
  #startedAt = performance.now();

  get seconds() {
    return (performance.now() - this.#startedAt) / 1000;
  }

  end() {
    this.endedAt = this.seconds;
  }

  scraped(scrape) {
    this.scrapes.push({ at: this.seconds, ...scrape });
  }

  took(stock) {
    this.stock.push({ at: this.seconds, ...stock });
  }

  /** Medians of the first and of the last minute; of thirds of a shorter run. */
  firstAndLast(what) {
    const seconds = Math.min(60, this.endedAt / 3);
    const begin = this.scrapes.find(({ at }) => at > 2)?.at ?? 0; // once all members are there
    const between = (from, to) =>
      median(this.scrapes.filter(({ at }) => at >= from && at < to).map((scrape) => scrape[what]));
    return { first: between(begin, begin + seconds), final: between(this.endedAt - seconds, this.endedAt) };
  }

  /** In MiB, medians of the first and of the last third. */
  memoryOfScraper() {
    const third = Math.floor(this.scrapes.length / 3);
    const mib = (part) => Math.round(median(part.map(({ rss }) => rss)) / 2 ** 20);
    return { early: mib(this.scrapes.slice(0, third)), late: mib(this.scrapes.slice(-third)) };
  }

  quantiles(what, qs) {
    const values = this.scrapes.map((scrape) => scrape[what]);
    return qs.map((q) => quantile(values, q));
  }

  /** `[minutes, value]` for each whole `seconds` of the run, where `summary` makes one value of those of that time. */
  over(seconds, what, summary) {
    const end = Math.floor(this.endedAt / seconds);
    const buckets = new Map();
    for (const scrape of this.scrapes) {
      const bucket = Math.floor(scrape.at / seconds);
      if (bucket >= end) break;
      if (!buckets.has(bucket)) buckets.set(bucket, []);
      buckets.get(bucket).push(scrape[what]);
    }
    return [...buckets].map(([bucket, values]) => [((bucket + 0.5) * seconds) / 60, summary(values)]);
  }
}
