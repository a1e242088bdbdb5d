// Each promise about the outages, with the figures that it was judged by.

/**
 * `events` are the times of the outages in seconds, `instances` the targets of the three instances by role, `tolerance` the share by which a rate may
 * differ from the truth.
 */
export function verdicts({ observed, generator, events, instances, window, tolerance }) {
  const [first, second] = observed.replicas;
  const truth = new Map(observed.truth.map(([time, value]) => [key(time), value]));
  const found = [];
  const promise = (text, isKept, figures) => found.push({ text, isKept, figures });
  /** The largest relative differences of a rate from the truth, upwards and downwards, at the chosen times. */
  const deviation = (values, isChosen) => {
    const chosen = values.filter(([time]) => truth.has(key(time)) && isChosen(time));
    const relative = chosen.map(([time, value]) => value / truth.get(key(time)) - 1);
    return { count: chosen.length, above: Math.max(0, ...relative), below: Math.min(0, ...relative) };
  };
  const isNear = ({ count, above, below }) => count > 0 && above <= tolerance && below >= -tolerance;
  const percents = ({ count, above, below }) => `${count} moments, ${percent(below)} to +${percent(above)}`;

  // A window that is full of samples, and has none of an instance's death or beginning in it.
  const settled = (time) =>
    time >= events.loaded + window &&
    !within(time, events.applicationKilled, events.lastFirstScrape + window);
  const aroundWorker = (time) => settled(time) && within(time, events.workerKilled, events.applicationKilled);
  for (const [name, replica] of [
    ['replica 1', first],
    ['replica 2', second],
  ]) {
    const worker = deviation(replica.rate, aroundWorker);
    promise(
      `A worker is killed: sum(rate()) of ${name} stays at the truth`,
      isNear(worker),
      percents(worker),
    );
  }
  for (const [name, replica] of [
    ['replica 1', first],
    ['replica 2', second],
  ]) {
    const resets = [...replica.resets.values()].reduce((sum, value) => sum + value, 0);
    promise(`No counter falls in ${name}`, resets === 0, `${resets} resets`);
  }
  for (const [name, replica] of [
    ['replica 1', first],
    ['replica 2', second],
  ]) {
    const asRates = replica.increase.map(([time, value]) => [time, value / window]);
    const all = deviation(asRates, (time) => time >= events.loaded + window);
    promise(
      `increase() of ${name} is never above the truth`,
      all.count > 0 && all.above <= tolerance,
      `${all.count} moments, at most +${percent(all.above)}`,
    );
  }

  const { survivor, killed, replacement } = instances;
  for (const target of [survivor, replacement]) {
    const answered = generator.count(0, Infinity, target);
    const counted = second.last.get(target);
    // A worker that is killed after its answer and before its count leaves one answer without a count.
    promise(
      `Every answer of ${target === survivor ? 'the instance that lost a worker' : 'the replacement'} is counted once`,
      counted <= answered && answered - counted <= (target === survivor ? 1 : 0),
      `${answered} answers, ${counted} counted`,
    );
  }
  const answeredByKilled = generator.count(0, Infinity, killed);
  const lastScrape = 1000 * second.scrapes.get(killed).at(-1);
  const sinceLastScrape = generator.count(lastScrape, Infinity, killed);
  const keptOfKilled = second.last.get(killed);
  promise(
    'Of the killed application only the counts since its last scrape are lost',
    keptOfKilled <= answeredByKilled && answeredByKilled - keptOfKilled <= sinceLastScrape,
    `${answeredByKilled} answers, ${keptOfKilled} kept, ${sinceLastScrape} answered since the last scrape`,
  );
  const dip = deviation(second.rate, (time) =>
    within(time, events.applicationKilled, events.lastFirstScrape + window),
  );
  const unseen = generator.count(0, 1000 * second.scrapes.get(replacement)[0], replacement);
  const share =
    (sinceLastScrape + unseen) /
    generator.count(1000 * (events.applicationKilled - window), 1000 * events.applicationKilled);
  promise(
    'While it is replaced, sum(rate()) lacks what no scrape has seen, and no more',
    dip.below >= -(share + tolerance) && dip.above <= tolerance,
    `${percents(dip)}; ${sinceLastScrape + unseen} answers unseen (${percent(share)} of a window)`,
  );

  // A rate needs two samples in its window: until the window has passed, it has them of the time before.
  const isGap = (time) => within(time, events.replicaKilled + window, events.replicaBack);
  const moments = observed.truth.filter(([time]) => isGap(time)).length;
  const invented = first.rate.filter(([time]) => isGap(time)).length;
  promise(
    'Replica 1 has a gap while it is down, and nothing in it is invented',
    moments > 0 && invented === 0,
    `down for ${(events.replicaBack - events.replicaKilled).toFixed(1)} s, ${invented} of ${moments} moments have a value`,
  );
  const other = deviation(second.rate, (time) => settled(time) && time >= events.replicaKilled);
  promise('Meanwhile replica 2 goes on', isNear(other), percents(other));
  const after = deviation(first.rate, (time) => settled(time) && time >= events.replicaScrapes + window);
  promise('After the gap sum(rate()) of replica 1 is at the truth', isNear(after), percents(after));
  const [whole, ofOther] = [first, second].map(({ increased }) => increased.get(survivor));
  promise(
    'The increase over the gap is not lost: counters go on counting without Prometheus',
    Math.abs(whole / ofOther - 1) <= tolerance,
    `replica 1 ${whole.toFixed(0)}, replica 2 ${ofOther.toFixed(0)}`,
  );
  return found;
}

const within = (time, from, to) => time >= from && time <= to;
const key = (time) => time.toFixed(1);
const percent = (share) => `${(100 * share).toFixed(1)} %`;
