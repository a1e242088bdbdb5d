// What rate() can show of the truth. Prometheus knows the counters at its scrapes only, and draws the line between the first and the last one of
// a window out to the bounds of the window. On a busy machine scrapes and answers are late: then an answer is counted at some moment
// between its request and its arrival, and a scrape reads at some moment until its end.

/** The least and the most that sum(rate()) can show from `begin` to `end`. `scrapes` are a replica's, by target; times are in milliseconds. */
export function expectation({ scrapes, generator, begin, end }) {
  let [least, most] = [0, 0];
  for (const [target, all] of scrapes) {
    const inside = all.filter((scrape) => scrape.time >= begin && scrape.time <= end);
    if (inside.length < 2) continue;
    const [first, last] = [inside[0], inside.at(-1)];
    const sampled = last.time - first.time;
    const interval = sampled / (inside.length - 1);
    // A bound that is further away than a scrape would be: the line ends half-way to the next scrape.
    const outwards = (distance) => (distance < 1.1 * interval ? distance : interval / 2);
    const drawn = sampled + outwards(first.time - begin) + outwards(end - last.time);
    const { certain, possible } = generator.between(target, first, last);
    const seconds = (sampled / drawn) * ((end - begin) / 1000);
    least += certain / seconds;
    most += possible / seconds;
  }
  return { least, most };
}
