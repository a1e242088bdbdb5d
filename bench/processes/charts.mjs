// The pictures of the section: scrapes over processes, and over the dead.

export function processCharts({ counters, histograms, dead }) {
  const languages = counters[0].figures.map(({ rival }) => rival);
  return [
    {
      file: 'processes.svg',
      title: 'A scrape of processes that share files',
      panels: [
        panel(
          `${counters[0].series.toLocaleString('en')} counters in each process, the same in all`,
          languages.map((name, rival) => ({
            name,
            data: counters.map(({ processes, figures }) => [processes, figures[rival].milliseconds]),
          })),
        ),
        panel(`${histograms[0].series.toLocaleString('en')} histograms in each process, the same in all`, [
          {
            name: languages[0],
            data: histograms.map(({ processes, figures }) => [processes, figures[0].milliseconds]),
          },
          {
            name: 'in proportion to the processes',
            dashed: true,
            data: histograms.map(({ processes }) => [
              processes,
              (histograms.at(-1).figures[0].milliseconds * processes) / histograms.at(-1).processes,
            ]),
          },
        ]),
      ],
    },
    {
      file: 'dead-owners.svg',
      title: 'A scrape after many owners have died',
      panels: [
        {
          title: `${dead.processes} live owners with ${dead.series.toLocaleString('en')} counters each`,
          x: { name: 'owners that died' },
          y: { name: 'ms', min: 0 },
          series: [
            { name: languages[0], data: dead.stages.map((stage) => [stage.dead, stage.milliseconds]) },
          ],
        },
      ],
    },
  ];
}

function panel(title, series) {
  return { title, x: { type: 'log', name: 'processes' }, y: { type: 'log', name: 'ms' }, series };
}
