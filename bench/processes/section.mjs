// How long a scrape of processes that share files takes, beside other such clients, with many live and many dead owners.
import { count, factor, image, milliseconds, number, spreadOut, table } from '../figures.mjs';
import { copying, figureOf, own } from '../rivals.mjs';
import { median, spread } from '../statistics.mjs';
import { processCharts } from './charts.mjs';
import { languages } from './languages.mjs';

/** Cells of a series. */
const cellsOf = { counter: 1, histogram: 14 };

export function measurements({ rounds, scrapes, counters, histograms, dead }) {
  const installed = languages().filter(({ command }) => command !== undefined);
  const ours = installed.filter(({ name }) => name === own);
  const scrapeOf = (name, clients, metric, processes, series) => ({
    name,
    metric,
    processes,
    series,
    rounds,
    module: 'processes/trial.mjs',
    contestants: clients.map(({ name: rival, command }) => ({
      rival,
      trial: { command, processes, metric, series, cells: cellsOf[metric], scrapes },
      trials: [],
    })),
  });
  return [
    ...counters.processes.map((processes) =>
      scrapeOf(`processes-${processes}`, installed, 'counter', processes, counters.series),
    ),
    ...histograms.processes.map((processes) =>
      scrapeOf(`owners-${processes}`, ours, 'histogram', processes, histograms.series),
    ),
    {
      name: 'dead-owners',
      processes: dead.processes,
      series: dead.series,
      rounds: 1,
      module: 'processes/dead-trial.mjs',
      contestants: ours.map(({ name: rival, command }) => ({
        rival,
        trial: { command, ...dead, scrapes },
        trials: [],
      })),
    },
  ];
}

export function resultOf({ name, metric, processes, series, contestants }) {
  if (name === 'dead-owners') {
    const stages = contestants[0].trials.flatMap((trial) => trial.stages);
    return {
      processes,
      series,
      stages: stages.map(({ dead, scrapes }) => ({ dead, ...laterScrapes([{ scrapes }]) })),
    };
  }
  const figures = contestants.map(({ rival, trials }) => ({ rival, ...laterScrapes(trials) }));
  const copy = median(contestants.flatMap(({ trials }) => trials.map((trial) => trial.copy)));
  return { metric, processes, series, copy, figures };
}

/** The first scrape of a process has a column of its own; the figure is the median of the others. */
function laterScrapes(trials) {
  const times = trials.map(({ scrapes }) => median(scrapes.slice(1).map((scrape) => scrape.milliseconds)));
  return {
    milliseconds: median(times),
    spread: spread(times),
    first: median(trials.map(({ scrapes }) => scrapes[0].milliseconds)),
    bytes: trials[0].scrapes[0].bytes,
    trials,
  };
}

const ofCounters = ({ metric }) => metric === 'counter';
const ofHistograms = ({ metric }) => metric === 'histogram';
const ofDead = ({ stages }) => stages !== undefined;

export function tables(results) {
  const parts = [];
  const counters = results.filter(ofCounters);
  const histograms = results.filter(ofHistograms);
  if (counters.length > 0) parts.push(besideOthers(counters));
  if (histograms.length > 0) parts.push(overOwners(histograms));
  return [...parts, ...results.filter(ofDead).map(overDead)].join('\n');
}

function besideOthers(results) {
  const names = results[0].figures.map(({ rival }) => rival);
  return table(
    [
      `processes x ${count(results[0].series)} counters`,
      ...names,
      ...names.slice(1).map((name) => `of ${name}`),
    ],
    results.map(({ processes, figures }) => [
      processes,
      ...names.map((name) => scrapeTime(figureOf(figures, name))),
      ...names
        .slice(1)
        .map(
          (name) =>
            `**${factor(figureOf(figures, name).milliseconds / figureOf(figures, own).milliseconds)}**`,
        ),
    ]),
  );
}

function overOwners(results) {
  return table(
    [
      `processes x ${count(results[0].series)} histograms`,
      'a scrape',
      'for 1,000 live series',
      'the first one',
      copying,
    ],
    results.map(({ processes, series, copy, figures: [figure] }) => [
      processes,
      scrapeTime(figure),
      `${number((figure.milliseconds * 1e6) / (processes * series))} µs`,
      milliseconds(figure.first),
      milliseconds(copy),
    ]),
  );
}

function overDead({ processes, series, stages }) {
  return table(
    [`owners that died; ${processes} live with ${count(series)} counters`, 'a scrape', 'the first one'],
    stages.map(({ dead, milliseconds: time, first }) => [
      count(dead),
      milliseconds(time),
      milliseconds(first),
    ]),
  );
}

function scrapeTime({ milliseconds: time, spread: apart }) {
  return spreadOut(milliseconds(time), apart);
}

export function charts(results) {
  return processCharts({
    counters: results.filter(ofCounters),
    histograms: results.filter(ofHistograms),
    dead: results.find(ofDead),
  });
}

export function chapter(results, { rounds }) {
  const missing = languages().filter(({ command }) => command === undefined);
  const absences = missing.map(
    ({ name, hint }) => `- ${name} was not measured: it was not installed (${hint}).\n`,
  );
  return `## Scraping processes

${tables(results)}
${image('processes.svg', 'Milliseconds of a scrape over the number of processes, and of series')}
${image('dead-owners.svg', 'Milliseconds of a scrape over the number of owners that have died')}
All processes have the same series with three labels, histograms with 11 buckets. A fresh process, which counts nothing
itself, scrapes several times; every number changes between two scrapes. The figure is the median of those after the first,
and of ${rounds} trials. Each scrape must show every increment, also those of dead owners.

${absences.join('')}- All files are in \`/dev/shm\` where there is one, those of the other languages too.
- The dead owners are worker threads that counted each of the series and ended. Scrapes are timed after the compaction of
  their segments.
`;
}
