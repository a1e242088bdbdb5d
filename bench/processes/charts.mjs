// The pictures of the section: scrapes over processes, and over the dead.
import { count } from '../figures.mjs';
import { own } from '../rivals.mjs';

export function processCharts({ counters, histograms, dead }) {
  const languages = counters[0].figures.map(({ rival }) => rival);
  const timesOf = (results, rival) =>
    results.map(({ processes, figures }) => [processes, figures[rival].milliseconds]);
  return [
    {
      file: 'processes.svg',
      width: 1000,
      title: 'A scrape of processes that share files',
      panels: [
        overProcesses(`${count(counters[0].series)} counters in each process, the same in all`, [
          ...languages.map((name, rival) => ({ name, data: timesOf(counters, rival) })),
          limitOf(counters),
        ]),
        overProcesses(`${count(histograms[0].series)} histograms in each process, the same in all`, [
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

function overProcesses(title, series) {
  const [smallest, largest] = [series[0].data[0][0], series[0].data.at(-1)[0]];
  return {
    title,
    x: { type: 'log', name: 'processes', min: smallest * 0.8, max: largest * 1.25 },
    y: { type: 'log', name: 'ms' },
    series,
  };
}

/** Through the largest of them. */
function proportional(results) {
  const { processes: all, figures } = results.at(-1);
  const data = results.map(({ processes }) => [processes, (figures[0].milliseconds * processes) / all]);
  return { name: 'in proportion to the processes', dashed: true, data };
}

function limitOf(results) {
  const data = results.map(({ processes, copy }) => [processes, copy]);
  return { name: 'copying the cells and the text', dashed: true, data };
}
