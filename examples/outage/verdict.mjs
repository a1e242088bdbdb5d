// Each promise about the outages, with the figures that it was judged by.
import { expectation } from './expectation.mjs';

/** The share by which a rate may differ from what the truth gives at the scrapes of its replica, and one replica from the other. */
const tolerance = 0.05;

/** `events` are the times of the outages in seconds, `instances` the targets of the three instances by role. */
export function verdicts({ observed, generator, events, instances, window }) {
  const [first, second] = observed.replicas;
  const truth = new Map(observed.truth.map(([time, value]) => [key(time), value]));
  const found = [];
  const promise = (text, isKept, figures) => found.push({ text, isKept, figures });
  /**
   * The largest relative differences of a replica's rate from the truth, upwards and downwards, at the chosen times; and of them what the moments
   * of its scrapes and of the answers do not explain.
   */
  const deviation = (replica, isChosen, values = replica.rate) => {
    const chosen = values.filter(([time]) => truth.has(key(time)) && isChosen(time));
    const relative = chosen.map(([time, value]) => value / truth.get(key(time)) - 1);
    const unexplained = chosen.map(([time, value]) => {
      const [begin, end] = [time - window, time].map((seconds) => Math.round(1000 * seconds));
      const { least, most } = expectation({ scrapes: replica.scrapes, generator, begin, end });
      return value > most ? value / most - 1 : Math.min(0, value / least - 1);
    });
    return { count: chosen.length, all: extremes(relative), unexplained: extremes(unexplained) };
  };
  const isNear = ({ count, unexplained: { above, below } }) =>
    count > 0 && above <= tolerance && below >= -tolerance;
  const percents = ({ count, all, unexplained }) =>
    `${count} moments, ${range(all)}; the moments of scrapes and answers explain all but ${range(unexplained)}`;

  // A window that is full of samples, and has none of an instance's death or beginning in it.
  const settled = (time) =>
    time >= events.loaded + window &&
    !within(time, events.applicationKilled, events.lastFirstScrape + window);
  const aroundWorker = (time) => settled(time) && within(time, events.workerKilled, events.applicationKilled);
  for (const [name, replica] of [
    ['replica 1', first],
    ['replica 2', second],
  ]) {
    const worker = deviation(replica, aroundWorker);
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
    const all = deviation(replica, (time) => time >= events.loaded + window, asRates);
    promise(
      `increase() of ${name} is never above the truth`,
      all.count > 0 && all.unexplained.above <= tolerance,
      percents(all),
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
  const lastScrape = second.scrapes.get(killed).at(-1).time;
  const sinceLastScrape = generator.count(lastScrape, Infinity, killed);
  const keptOfKilled = second.last.get(killed);
  promise(
    'Of the killed application only the counts since its last scrape are lost',
    keptOfKilled <= answeredByKilled && answeredByKilled - keptOfKilled <= sinceLastScrape,
    `${answeredByKilled} answers, ${keptOfKilled} kept, ${sinceLastScrape} answered since the last scrape`,
  );
  const dip = deviation(second, (time) =>
    within(time, events.applicationKilled, events.lastFirstScrape + window),
  );
  const unseen = generator.count(0, second.scrapes.get(replacement)[0].time, replacement);
  const share =
    (sinceLastScrape + unseen) /
    generator.count(1000 * (events.applicationKilled - window), 1000 * events.applicationKilled);
  promise(
    'While it is replaced, sum(rate()) lacks what no scrape has seen, and no more',
    isNear(dip),
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
  const other = deviation(second, (time) => settled(time) && time >= events.replicaKilled);
  promise('Meanwhile replica 2 goes on', isNear(other), percents(other));
  const after = deviation(first, (time) => settled(time) && time >= events.replicaScrapes + window);
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
const extremes = (values) => ({ above: Math.max(0, ...values), below: Math.min(0, ...values) });
const range = ({ above, below }) => `${percent(below)} to +${percent(above)}`;
const percent = (share) => `${(100 * share).toFixed(1)} %`;
