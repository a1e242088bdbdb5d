// The time that an application needs before its first count.
import { factor, milliseconds, spreadOut, table } from '../figures.mjs';
import { figureOf, incumbent, own, rivalNames } from '../rivals.mjs';
import { median, spread } from '../statistics.mjs';

export function measurements({ rounds }) {
  return [
    {
      name: 'require',
      rounds,
      module: 'start/trial.mjs',
      contestants: rivalNames.map((rival) => ({ rival, trial: { rival }, trials: [] })),
    },
  ];
}

export function resultOf({ contestants }) {
  const figures = contestants.map(({ rival, trials }) => {
    const times = trials.map((trial) => trial.require);
    return {
      rival,
      require: median(times),
      spread: spread(times),
      counted: median(trials.map(({ counted }) => counted)),
      trials,
    };
  });
  return { figures, ratio: figureOf(figures, own).require / figureOf(figures, incumbent).require };
}

export function tables(results) {
  return results
    .map(({ figures }) =>
      table(
        ['loading', '`require()`', `of ${incumbent}'s`, 'until the first `inc()` is done'],
        figures.map(({ rival, require, spread: apart, counted }) => [
          rival,
          spreadOut(milliseconds(require), apart),
          factor(require / figureOf(figures, incumbent).require),
          milliseconds(counted),
        ]),
      ),
    )
    .join('\n');
}

export function charts() {
  return [];
}

export function chapter(results, { rounds }) {
  return `## Loading

${tables(results)}
Medians of ${rounds} fresh processes whose files are in the page cache. \`${own}\` loads its addon and opens its files with
the first metric.
`;
}
