// What a series costs in memory, in one process.
import { bytes, count, image, table } from '../figures.mjs';
import { own, rivals } from '../rivals.mjs';
import { median } from '../statistics.mjs';

const metrics = [
  { metric: 'counter', title: 'a counter', cells: 1 },
  { metric: 'histogram', title: 'a histogram of 11 buckets', cells: 14 },
];

export function measurements({ rounds, series }) {
  return metrics.map(({ metric, title, cells }) => ({
    name: `memory-${metric}`,
    title,
    cells,
    rounds,
    module: 'memory/trial.mjs',
    contestants: rivals.map(({ name: rival }) => ({ rival, trial: { rival, metric, series }, trials: [] })),
  }));
}

/** Bytes per series: of the heap, of the file, and of what is in use of that: records and cells. */
export function resultOf({ title, cells, contestants }) {
  const figures = contestants.map(({ rival, trials }) => {
    const [heap, file, records] = ['heap', 'file', 'records'].map((what) =>
      median(trials.map((trial) => trial[what])),
    );
    return { rival, heap, file, shared: file === 0 ? 0 : records + cells * 8 };
  });
  return { title, figures };
}

export function tables(results) {
  return results
    .map(({ title, figures }) =>
      table(
        [`a series of ${title}`, 'heap', 'shared memory', 'with what is reserved there'],
        figures.map(({ rival, heap, shared, file }) => [rival, bytes(heap), bytes(shared), bytes(file)]),
      ),
    )
    .join('\n');
}

export function charts(results) {
  const bars = (name, data) => ({ name, type: 'bar', stack: 'memory', data });
  return [
    {
      file: 'memory.svg',
      title: 'Memory of one series with three labels (less is better)',
      panels: results.map(({ title, figures }) => ({
        title,
        x: { type: 'category', categories: figures.map(({ rival }) => rival) },
        y: { name: 'bytes' },
        series: [
          bars(
            'heap',
            figures.map(({ heap }) => heap),
          ),
          bars(
            'shared memory',
            figures.map(({ shared }) => shared),
          ),
        ],
      })),
    },
  ];
}

export function chapter(results, { series }) {
  return `## Memory

${tables(results)}
${image('memory.svg', 'Bytes of a series of a counter and of a histogram, for each rival')}
What ${count(series)} series with three labels add when each has been used twice, per series; of \`${own}\` those that have been used
once take no heap, and 16 to 32 bytes of the addon's memory. *heap* is \`heapUsed\` and
\`external\` after a garbage collection, without the strings of the label values, which the application has anyway.
*shared memory* is the records and cells of \`${own}\`; its file grows in steps of up to 4 MiB. Node counts cells that
are mapped as \`external\`; here they are shared memory only.
`;
}
