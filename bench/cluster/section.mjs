// How long a scrape of four cluster workers takes, and for how long it blocks their event loops.
import { count, factor, image, milliseconds, spreadOut, table } from '../figures.mjs';
import { bestOther, copying, own, rivals } from '../rivals.mjs';
import { median, spread } from '../statistics.mjs';

const workers = 4;

export function measurements(sizes) {
  return sizes.map(({ sets, rounds, scrapes, atOnce }) => ({
    name: `scrape-${sets}`,
    sets,
    atOnce,
    rounds,
    module: 'cluster/trial.mjs',
    contestants: rivals.flatMap(({ name: rival, servers }) =>
      servers.map((server) => ({
        rival,
        server,
        trial: { rival, server, sets, scrapes, atOnce },
        trials: [],
      })),
    ),
  }));
}

export function resultOf({ name, sets, atOnce, contestants }) {
  const trials = contestants.flatMap((contestant) => contestant.trials);
  if (new Set(trials.map(({ digest }) => digest)).size !== 1) {
    throw new Error(`${name}: expected the same samples from all rivals, but they differ`);
  }
  const idle = (figure) => median(trials.map((trial) => trial.idle[figure]));
  const figures = contestants.map(scrapeFigures);
  const fastest = bestOther(figures, 'milliseconds');
  return {
    sets,
    atOnce,
    samples: trials[0].samples,
    bytes: trials[0].bytes,
    copy: median(trials.map(({ copy }) => copy)),
    figures: figures.map((figure) => ({ ...figure, ratio: fastest / figure.milliseconds })),
    idle: { stop: idle('stop'), otherStop: idle('otherStop') },
  };
}

/** The first scrape of a trial has a column of its own; the figure is the median of the others. */
function scrapeFigures({ rival, server, trials }) {
  const later = (figure) =>
    trials.map(({ scrapes }) => median(scrapes.slice(1).map((scrape) => scrape[figure])));
  const times = later('milliseconds');
  const together = trials.flatMap((trial) => trial.together.map((scrape) => scrape.milliseconds));
  return {
    rival,
    server,
    milliseconds: median(times),
    spread: spread(times),
    first: median(trials.map(({ scrapes }) => scrapes[0].milliseconds)),
    stop: median(later('stop')),
    otherStop: median(later('otherStop')),
    ...(together.length === 0 ? {} : { together: median(together) }),
    tooLate: trials.flatMap(({ scrapes }) => scrapes.filter((scrape) => scrape.isTooLate)).length,
    trials: trials.map(({ scrapes }) => scrapes),
  };
}

export function tables(results) {
  return [...results.map(scrapeTable), ...results.filter(({ atOnce }) => atOnce).map(atOnceTable)].join('\n');
}

function scrapeTable({ sets, bytes, copy, figures, idle }) {
  return table(
    [
      `${workers} workers x ${count(sets)} label sets, ${(bytes / 1e6).toFixed(1)} MB`,
      'a scrape',
      'ratio',
      'the first one',
      'blocks the answering process for',
      'blocks another process for',
    ],
    [
      ...figures.map((figure) => [
        title(figure),
        `${spreadOut(milliseconds(figure.milliseconds), figure.spread)}${late(figure)}`,
        `**${factor(figure.ratio)}**`,
        milliseconds(figure.first),
        milliseconds(figure.stop),
        milliseconds(figure.otherStop),
      ]),
      ['no scrape', '', '', '', milliseconds(idle.stop), milliseconds(idle.otherStop)],
      [copying, milliseconds(copy), '', '', '', ''],
    ],
  );
}

function atOnceTable({ sets, atOnce, figures }) {
  return table(
    [
      `${workers} workers x ${count(sets)} label sets`,
      'one scrape',
      `${atOnce} at once`,
      `of ${atOnce} one by one`,
    ],
    figures.map((figure) => [
      title(figure),
      milliseconds(figure.milliseconds),
      milliseconds(figure.together),
      factor(figure.together / figure.milliseconds / atOnce),
    ]),
  );
}

function title({ rival, server }) {
  return `${rival}, asked in ${server === 'primary' ? 'the primary' : 'a worker'}`;
}

function late({ tooLate, trials }) {
  return tooLate === 0 ? '' : `, ${tooLate} of ${trials.flat().length} too late`;
}

export function charts(results) {
  const shown = results[0].figures.filter(({ rival, server }) => rival !== own || server === 'worker');
  const lines = (figure) =>
    shown.map(({ rival, server }) => ({
      name: rival,
      data: results.map(
        ({ figures }) => figures.find((one) => one.rival === rival && one.server === server)[figure],
      ),
    }));
  const reference = (name, figure) => ({ name, dashed: true, data: results.map(figure) });
  const categories = results.map(({ sets }) => count(sets));
  const panel = (title, series) => ({
    title,
    x: { type: 'category', name: 'label sets in each worker', categories },
    y: { type: 'log', name: 'ms' },
    series,
  });
  return [
    {
      file: 'cluster.svg',
      width: 1000,
      title: `A scrape of ${workers} workers, each label set with a counter and a histogram`,
      panels: [
        panel('a scrape', [...lines('milliseconds'), reference(copying, ({ copy }) => copy)]),
        panel('the answering process is blocked', [
          ...lines('stop'),
          reference('no scrape', ({ idle }) => idle.stop),
        ]),
        panel('another process is blocked', [
          ...lines('otherStop'),
          reference('no scrape', ({ idle }) => idle.otherStop),
        ]),
      ],
    },
  ];
}

export function chapter(results, sizes, { cores }) {
  const trials = sizes.map(({ rounds, sets }) => `${rounds} at ${count(sets)}`).join(', ');
  return `## Scraping a cluster

${tables(results)}
${image('cluster.svg', 'Milliseconds of a scrape, and of the stops that it causes, over the label sets')}
Each label set has a counter and a histogram with 11 buckets, the same sets in all workers. Rivals answer by
\`AggregatorRegistry.clusterMetrics()\`, in the primary only; \`${own}\` by \`register.metrics()\` in any process.

- A scrape is timed from the call to the whole text as a string. Every number changes between two scrapes. The figure is
  the median of those after the first; trials: ${trials}. The texts of all rivals had the same samples.
- *blocks*: in every process, a timer that should fire every millisecond notes the longest time between two of its turns
  during a scrape. The row *no scrape* is the time that it notes without one: a figure that is not above that is nothing.
  *another process* is the one among the other four that was blocked longest.
- *${copying}*: the time in which this machine copies as many bytes as the workers have cells and the text
  has characters, once.
- *at once*: so many calls in one turn of the event loop. 1.0x of one by one saves nothing; calls that share one merge
  come close to one scrape.
- Rivals fail a scrape whose workers have not answered after 5 s. Here it may take longer, and the table tells how many
  scrapes were too late.
- A scrape shares ${cores} cores between 5 processes; with more cores the workers of the rivals would answer faster.
`;
}
