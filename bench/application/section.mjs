// The cost of each kind of update in an application that makes all of them.
import { image, table } from '../figures.mjs';
import { barPanel, compared, nanosecondRow } from '../nanoseconds.mjs';
import { rivalNames } from '../rivals.mjs';
import { kinds } from './metrics.mjs';

const rows = [{ name: 'mix', title: 'all of these, mixed' }, ...kinds];

export function measurements({ rounds, seconds, mixes }) {
  return [
    {
      name: 'application',
      rounds,
      module: 'application/trial.mjs',
      contestants: rivalNames.map((rival) => ({ rival, trial: { rival, seconds, mixes }, trials: [] })),
    },
  ];
}

export function resultOf({ contestants }) {
  return {
    rows: rows.map(({ name, title }) => ({
      name,
      title,
      ...compared(contestants, (trial) => trial[name]),
    })),
  };
}

export function tables([result]) {
  return table(
    ['ns per operation', ...rivalNames, 'ratio'],
    result.rows.map((row) => nanosecondRow(row, rivalNames)),
  );
}

export function charts([result]) {
  const panel = (title, ...families) => barPanel(title, result.rows, families, rivalNames);
  return [
    {
      file: 'application.svg',
      width: 1000,
      title: 'One operation in an application (less is better)',
      panels: [
        panel('all together, counters and gauges', 'mix', 'counter', 'gauge'),
        panel('histograms and summaries', 'histogram', 'summary'),
      ],
    },
  ];
}

export function chapter(results, { rounds, seconds, mixes }) {
  return `## An application

${tables(results)}
${image('application.svg', 'Nanoseconds per operation in an application, for each kind of call and rival')}
One process has forty metrics: counters, gauges, histograms and summaries without labels and with five sets of one to four
label names. ${mixes} times, loops of all kinds of calls take turns, ten steps each; only then is each loop timed on its own. So V8
has seen everything before it measures anything, and cannot specialize the library for one metric.

- A step of a loop makes one call on each metric that the row concerns, each at a call site of its own; label objects are
  new at each call. *all of these, mixed* is the mean of all calls while the loops take turns.
- Figures are medians of ${rounds} trials, each the median of samples of ${seconds} s by the package \`benchmark\`. Afterwards counters,
  histograms and summaries must have counted every call.
`;
}
