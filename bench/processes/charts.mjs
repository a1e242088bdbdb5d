// The charts of the section: scrapes over the number of live processes and of dead owners.
import { count } from '../figures.mjs';
import { copying, own } from '../rivals.mjs';

export function processCharts({ counters, histograms, dead }) {
  const languages = counters[0].figures.map(({ rival }) => rival);
  const timesOf = (results, rival) => results.map(({ figures }) => figures[rival].milliseconds);
  return [
    {
      file: 'processes.svg',
      width: 1000,
      title: 'A scrape of processes that share files',
      panels: [
        overProcesses(counters, 'counters', [
          ...languages.map((name, rival) => ({ name, data: timesOf(counters, rival) })),
          limitOf(counters),
        ]),
        overProcesses(histograms, 'histograms', [
          { name: own, data: timesOf(histograms, 0) },
          proportional(histograms),
          limitOf(histograms),
        ]),
      ],
    },
    {
      file: 'dead-owners.svg',
      title: 'A scrape after many owners have died',
      panels: [
        {
          title: `${dead.processes} live owners with ${count(dead.series)} counters each`,
          x: { name: 'owners that died' },
          y: { name: 'ms', min: 0 },
          series: [{ name: own, data: dead.stages.map((stage) => [stage.dead, stage.milliseconds]) }],
        },
      ],
    },
  ];
}

function overProcesses(results, metrics, series) {
  return {
    title: `${count(results[0].series)} ${metrics} in each process, the same in all`,
    x: { type: 'category', name: 'processes', categories: results.map(({ processes }) => count(processes)) },
    y: { type: 'log', name: 'ms' },
    series,
  };
}

/** Through the figure of the largest group. */
function proportional(results) {
  const { processes: all, figures } = results.at(-1);
  const data = results.map(({ processes }) => (figures[0].milliseconds * processes) / all);
  return { name: 'in proportion to the processes', dashed: true, data };
}

function limitOf(results) {
  return { name: copying, dashed: true, data: results.map(({ copy }) => copy) };
}
