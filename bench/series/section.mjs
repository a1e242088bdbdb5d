// The cost of the first uses of new series, in a process that has just started.
import { count, image, table } from '../figures.mjs';
import { compared, nanosecondRow } from '../nanoseconds.mjs';
import { figureOf, rivalNames } from '../rivals.mjs';

const metrics = [
  { metric: 'counter', title: '`counter.inc({ … })`' },
  { metric: 'number', title: '`counter.inc({ …, status: 200 })`' },
  { metric: 'histogram', title: '`histogram.observe({ … }, v)`' },
];
const passNames = ['first use', 'second use', 'third use'];
const together = 'three uses';

export function measurements({ rounds, series }) {
  return metrics.map(({ metric, title }) => ({
    name: `series-${metric}`,
    title,
    rounds,
    module: 'series/trial.mjs',
    contestants: rivalNames.map((rival) => ({
      rival,
      trial: { rival, metric, series, passes: passNames.length },
      trials: [],
    })),
  }));
}

/** The row of all passes together, and those of each pass. */
export function resultOf({ title, contestants }) {
  const sum = (times) => times.reduce((total, time) => total + time, 0);
  const passes = passNames.map((name, pass) => ({
    title: name,
    ...compared(contestants, ({ nanoseconds }) => nanoseconds[pass]),
  }));
  return { title, ...compared(contestants, ({ nanoseconds }) => sum(nanoseconds)), passes };
}

export function tables(results) {
  const tableOf = ({ title, passes, ...sum }) =>
    table(
      [`ns per series, ${title}`, ...rivalNames, 'ratio'],
      [...passes, { ...sum, title: `**${together}**` }].map((row) => nanosecondRow(row, rivalNames)),
    );
  return results.map(tableOf).join('\n');
}

export function charts(results) {
  const panels = results.map(({ title, passes, figures }) => {
    const groups = [...passes, { title: together, figures }];
    return {
      title: title.replaceAll('`', ''),
      x: { type: 'category', categories: groups.map((group) => group.title) },
      y: { name: 'ns per series' },
      series: rivalNames.map((name) => ({
        name,
        type: 'bar',
        data: groups.map((group) => figureOf(group.figures, name).nanoseconds),
      })),
    };
  });
  return [{ file: 'series.svg', title: 'The first uses of new series (less is better)', panels }];
}

export function chapter(results, { rounds, series }) {
  return `## New series

${tables(results)}
${image('series.svg', 'Nanoseconds per series of the first three uses, for each rival')}
A process makes ${count(series)} series of one metric and goes over them twice more, with a new label object at each call. A row is
the time of one pass, divided by the number of series; *${together}* is that of all passes together: an application
that has just started pays it once. The figures contain the warming up of V8 and the growth of tables and files. With a
number among the labels, they are also written in another order than the names of the metric's labels.

- Medians of ${rounds} fresh processes: each has one sample. The median of a sum is not the sum of medians.
- Afterwards each trial reads the metric through its public API and fails unless each series has counted ${passNames.length} calls.
`;
}
