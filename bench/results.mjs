import { limit, rivals } from './rivals.mjs';
import { median, spread } from './statistics.mjs';

const own = rivals.at(-1).name;

/** What the trials of a measurement say together; ratios are those of medians, to the best of the other rivals. */
export function resultOf(measurement) {
  return measurement.kind === 'operation' ? operationResult(measurement) : scrapeResult(measurement);
}

function operationResult({ name, title, contestants }) {
  const figures = contestants.map(({ rival, trials }) => {
    const nanoseconds = trials.map((trial) => trial.nanoseconds);
    return { rival, nanoseconds: median(nanoseconds), spread: spread(nanoseconds), trials: nanoseconds };
  });
  const ours = figures.find(({ rival }) => rival === own).nanoseconds;
  const raw = figures.find(({ rival }) => rival === limit)?.nanoseconds;
  return {
    name,
    title,
    figures,
    ratio: best(figures, 'nanoseconds') / ours,
    ...(raw === undefined ? {} : { overLimit: ours / raw }),
  };
}

function scrapeResult({ name, sets, contestants }) {
  const trials = contestants.flatMap((contestant) => contestant.trials);
  if (new Set(trials.map(({ digest }) => digest)).size !== 1) {
    throw new Error(`${name}: expected the same samples from all rivals, but they differ`);
  }
  const idle = (figure) => median(trials.map((trial) => trial.idle[figure]));
  const figures = contestants.map(scrapeFigures);
  const fastest = best(figures, 'milliseconds');
  return {
    name,
    sets,
    bytes: trials[0].bytes,
    figures: figures.map((figure) => ({ ...figure, ratio: fastest / figure.milliseconds })),
    idle: { stop: idle('stop'), otherStop: idle('otherStop') },
  };
}

/** The first scrape of a trial stands apart; of the others the median counts. */
function scrapeFigures({ rival, server, trials }) {
  const later = (figure) =>
    trials.map(({ scrapes }) => median(scrapes.slice(1).map((scrape) => scrape[figure])));
  const milliseconds = later('milliseconds');
  return {
    rival,
    server,
    milliseconds: median(milliseconds),
    spread: spread(milliseconds),
    first: median(trials.map(({ scrapes }) => scrapes[0].milliseconds)),
    stop: median(later('stop')),
    otherStop: median(later('otherStop')),
    tooLate: trials.flatMap(({ scrapes }) => scrapes.filter((scrape) => scrape.isTooLate)).length,
    trials: trials.map(({ scrapes }) => scrapes),
  };
}

function best(figures, of) {
  return Math.min(
    ...figures.filter(({ rival }) => rival !== own && rival !== limit).map((figure) => figure[of]),
  );
}
