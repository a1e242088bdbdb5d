// What each format of a scrape costs, and what native histograms cost and are worth.
import { bytes, count, factor, image, milliseconds, number, percent, spreadOut, table } from '../figures.mjs';
import { incumbent, own } from '../rivals.mjs';
import { median, spread } from '../statistics.mjs';
import { formats } from './formats.mjs';

const workers = 4;
const quantiles = [0.5, 0.9, 0.99];
const ways = {
  bound: '`child.observe(v)`',
  bare: '`histogram.observe(v)`',
  labelled: '`histogram.observe({ … }, v)`',
  turns: '`histogram.observe({ … }, v)`, 64 label sets in turn',
};
const classic = 'classic, 11 buckets';
const native = 'native, factor 1.1';
const configs = { [classic]: {}, [native]: { buckets: [], nativeHistogramBucketFactor: 1.1 } };
const sources = [
  { rival: own, kind: 'native', title: 'native histogram, factor 1.1' },
  { rival: own, kind: 'summary', title: 'summary' },
  { rival: own, kind: 'classic', title: 'histogram with the default buckets' },
  { rival: incumbent, kind: 'summary', title: `summary of ${incumbent}, added up` },
];

export function measurements({ scrape, observe, size, error }) {
  const contestants = (trials) => trials.map((trial) => ({ rival: trial.title, trial, trials: [] }));
  const histograms = (more) =>
    contestants(Object.entries(configs).map(([title, config]) => ({ title, config, ...more })));
  return [
    {
      name: 'formats-scrape',
      sets: scrape.sets,
      rounds: scrape.rounds,
      module: 'formats/scrape-trial.mjs',
      contestants: contestants(
        [false, true].flatMap((gzip) =>
          formats.map(({ name, accept }) => ({
            ...scrape,
            title: gzip ? `${name}, gzip` : name,
            accept,
            gzip,
          })),
        ),
      ),
    },
    ...Object.keys(ways).map((way) => ({
      name: `formats-observe-${way}`,
      rounds: observe.rounds,
      module: 'formats/histogram-trial.mjs',
      contestants: histograms({ way, seconds: observe.seconds }),
    })),
    {
      name: 'formats-size',
      rounds: size.rounds,
      module: 'formats/histogram-trial.mjs',
      contestants: histograms({ series: size.series }),
    },
    {
      name: 'formats-error',
      observations: error.observations,
      rounds: error.rounds,
      module: 'formats/error-trial.mjs',
      contestants: contestants(sources.map((source) => ({ ...source, quantiles, ...error, seed: 1 }))),
    },
  ];
}

export function resultOf({ name, contestants, sets, observations }) {
  const figuresOf = (figures) =>
    contestants.map(({ rival, trials }) => ({ rival, ...figures(trials), trials }));
  if (name === 'formats-scrape') return { sets, figures: figuresOf(scrapeFigures) };
  if (name === 'formats-size')
    return { figures: figuresOf(([{ shared, scraped }]) => ({ shared, scraped })) };
  if (name === 'formats-error') return { observations, figures: figuresOf(errorFigures) };
  return {
    figures: figuresOf((trials) => {
      const times = trials.map(({ nanoseconds }) => nanoseconds);
      return { nanoseconds: median(times), spread: spread(times) };
    }),
  };
}

/** The median of the scrapes after the first. */
function scrapeFigures(trials) {
  const later = (figure) =>
    trials.map(({ scrapes }) => median(scrapes.slice(1).map((scrape) => scrape[figure])));
  return {
    milliseconds: median(later('milliseconds')),
    spread: spread(later('milliseconds')),
    stop: median(later('stop')),
    bytes: trials[0].bytes,
  };
}

/** The relative errors. */
function errorFigures(trials) {
  return {
    errors: quantiles.map((_, i) => median(trials.map(({ exact, found }) => found[i] / exact[i] - 1))),
  };
}

export function tables(results) {
  const of = (name) => results.filter((result) => result.name.startsWith(name));
  return [
    ...of('formats-scrape').map(scrapeTable),
    ...(of('formats-observe').length > 0 ? [observeTable(of('formats-observe'))] : []),
    ...of('formats-size').map(sizeTable),
    ...of('formats-error').map(errorTable),
  ].join('\n');
}

function scrapeTable({ sets, figures }) {
  const [text] = figures;
  return table(
    [
      `${workers} workers x ${count(sets)} label sets`,
      'a scrape',
      'of the text',
      'bytes',
      'of the text',
      'blocks for',
    ],
    figures.map((figure) => [
      figure.rival,
      spreadOut(milliseconds(figure.milliseconds), figure.spread),
      factor(figure.milliseconds / text.milliseconds),
      bytes(figure.bytes),
      percent(figure.bytes / text.bytes),
      milliseconds(figure.stop),
    ]),
  );
}

function observeTable(results) {
  return table(
    ['ns of an observation', classic, native, 'ratio'],
    results.map(({ name, figures: [first, second] }) => [
      ways[name.replace('formats-observe-', '')],
      spreadOut(number(first.nanoseconds), first.spread),
      spreadOut(number(second.nanoseconds), second.spread),
      factor(second.nanoseconds / first.nanoseconds),
    ]),
  );
}

function sizeTable({ figures }) {
  return table(
    ['bytes of a series', 'shared memory', ...formats.map(({ name }) => name)],
    figures.map(({ rival, shared, scraped }) => [
      rival,
      bytes(shared),
      ...formats.map(({ name }) => bytes(scraped[name])),
    ]),
  );
}

function errorTable({ observations, figures }) {
  return table(
    [`${count(observations)} observations in 4 processes`, ...quantiles.map((q) => `p${q * 100}`)],
    figures.map(({ rival, errors }) => [rival, ...errors.map(signed)]),
  );
}

function signed(error) {
  return `${error < 0 ? '-' : '+'}${(Math.abs(error) * 100).toFixed(1)} %`;
}

export function charts(results) {
  const of = (name) => results.find((result) => result.name === name);
  const [scrape, error] = [of('formats-scrape'), of('formats-error')];
  const panel = (title, figures, figure, y) => ({
    title,
    x: { type: 'category', categories: figures.map(({ rival }) => rival.replace(', ', ',\n')) },
    y,
    series: [{ name: own, type: 'bar', data: figures.map(figure) }],
  });
  return [
    {
      file: 'formats.svg',
      width: 1000,
      title: `A scrape of ${workers} workers x ${count(scrape.sets)} label sets, by format`,
      panels: [
        panel('a scrape', scrape.figures, ({ milliseconds: time }) => time, { name: 'ms', min: 0 }),
        panel('its bytes', scrape.figures, (figure) => figure.bytes / 1e3, {
          name: 'kB',
          type: 'log',
          min: 1,
        }),
        panel(
          'the largest error of p50, p90 and p99 over four processes',
          error.figures,
          ({ errors }) => Math.max(...errors.map(Math.abs)) * 1000,
          { name: '‰', type: 'log', min: 1 },
        ),
      ],
    },
  ];
}

export function chapter(results, { scrape, observe, error }) {
  return `## Formats and native histograms

${tables(results)}
${image('formats.svg', 'Milliseconds and bytes of a scrape in each format, and the errors of quantiles')}
- *a scrape*: from the call of \`register.exposition()\` in the primary to the body. Each label set has a counter and a classic histogram with 11
  buckets; every number changes between two scrapes. The figure is the median of those after the first, and of ${scrape.rounds} trials.
- *blocks for*: a timer of 1 ms in the answering process notes the longest time between two of its turns. An idle loop shows a little over 1 ms.
- *an observation*: medians of ${observe.rounds} fresh processes, of lognormal durations, which are in up to 64 exponential buckets. Those of 64 series are more than
  the first cache of the processor has room for. *a series*: 500 such observations in each.
- The last table has the relative errors of quantiles as a scraper of the whole group sees them, which estimates those of histograms as Prometheus
  does. The processes observe 70, 22, 6 and 2 % of the ${count(error.observations)} lognormal durations, and those of the last are 25 times as long.
  ${incumbent} adds the quantiles of its workers up.
`;
}
