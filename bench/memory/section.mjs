// How much memory a series takes in one process.
import { bytes, count, image, table } from '../figures.mjs';
import { own, rivalNames } from '../rivals.mjs';
import { median } from '../statistics.mjs';

const metrics = [
  { metric: 'counter', title: 'a counter' },
  { metric: 'histogram', title: 'a histogram of 11 buckets' },
];

export function measurements({ rounds, series }) {
  return metrics.map(({ metric, title }) => ({
    name: `memory-${metric}`,
    title,
    rounds,
    module: 'memory/trial.mjs',
    contestants: rivalNames.map((rival) => ({ rival, trial: { rival, metric, series }, trials: [] })),
  }));
}

/** Bytes per series. */
export function resultOf({ title, contestants }) {
  const figures = contestants.map(({ rival, trials }) => ({
    rival,
    heap: median(trials.map(({ heap }) => heap)),
    file: median(trials.map(({ file }) => file)),
  }));
  return { title, figures };
}

export function tables(results) {
  return results
    .map(({ title, figures }) =>
      table(
        [`a series of ${title}`, 'heap', 'shared memory', 'together'],
        figures.map(({ rival, heap, file }) => [rival, bytes(heap), bytes(file), bytes(heap + file)]),
      ),
    )
    .join('\n');
}

export function charts(results) {
  return [
    {
      file: 'memory.svg',
      title: 'Memory of one series with three labels (less is better)',
      panels: results.map(({ title, figures }) => ({
        title,
        x: { type: 'category', categories: ['heap', 'shared memory', 'together'] },
        y: { name: 'bytes' },
        series: figures.map(({ rival, heap, file }) => ({
          name: rival,
          type: 'bar',
          data: [heap, file, heap + file],
        })),
      })),
    },
  ];
}

export function chapter(results, { series }) {
  return `## Memory

${tables(results)}
${image('memory.svg', 'Bytes of a series of a counter and of a histogram, for each rival')}
The memory that ${count(series)} series with three labels add, per series. *heap* is \`heapUsed\` and \`arrayBuffers\` after a
garbage collection, without the strings of the label values: the application has them anyway. *shared memory* is the size
of the files of \`${own}\`, which grow in steps of up to 4 MiB.
`;
}
