// The cost of an update of a known series, in a process that does nothing else.
import { count, factor, image, table } from '../figures.mjs';
import { barPanel, compared, nanosecondRow } from '../nanoseconds.mjs';
import { figureOf, limit, own, rivalNames } from '../rivals.mjs';
import { workloads } from './workloads/all.mjs';
import { batch, labelSets } from './workloads/inputs.mjs';

const columns = [limit, ...rivalNames];

export function measurements({ rounds, seconds }) {
  return workloads.map((workload) => ({
    name: workload.name,
    title: workload.title,
    rounds,
    module: 'operations/trial.mjs',
    contestants: (workload.limit ? columns : rivalNames).map((rival) => ({
      rival,
      trial: { workload: workload.name, rival, seconds },
      trials: [],
    })),
  }));
}

export function resultOf({ title, contestants }) {
  const { figures, ratio } = compared(contestants, (trial) => trial.nanoseconds);
  const raw = figureOf(figures, limit)?.nanoseconds;
  return {
    title,
    figures,
    ratio,
    ...(raw === undefined ? {} : { overLimit: figureOf(figures, own).nanoseconds / raw }),
  };
}

export function tables(results) {
  return table(
    ['ns per operation', `\`${limit}\``, ...rivalNames, 'ratio', 'of the limit'],
    results.map((row) => [
      ...nanosecondRow(row, columns),
      row.overLimit === undefined ? '' : factor(row.overLimit),
    ]),
  );
}

export function charts(results) {
  return [
    {
      file: 'operations.svg',
      width: 1000,
      title: 'One operation, alone in its process (less is better)',
      panels: [
        barPanel('counters and gauges', results, ['counter', 'gauge'], columns),
        barPanel('histograms and summaries', results, ['histogram', 'summary'], columns),
      ],
    },
  ];
}

export function chapter(results, { rounds, seconds }) {
  return `## Counting

${tables(results)}
${image('operations.svg', 'Nanoseconds per operation, for each workload and rival, on a logarithmic scale')}
Metrics have three labels and ${labelSets.length} label sets unless the row says otherwise. Calls take the label sets in random order and
get a new object each time; histograms have the default 11 buckets. \`${limit}\` is the physical reference: the same
additions or stores to doubles in an array, at known indexes. *of the limit* tells how many times as long \`${own}\` takes.

- Figures are medians of ${rounds} trials. Within a trial, the package \`benchmark\` warms up and then times batches of
  ${count(batch)} operations for ${seconds} s (of as many operations as there are label sets in the rows that name a number); the
  median of its samples counts. Inputs come from fixed seeds and exist before; reading them from their arrays is part of
  every figure, the limit's too.
- Afterwards each trial reads the metric through its public API and fails unless the metric has counted every call.
- A workload that is alone in its process is V8's best case, for every rival: V8 inlines and specializes the one call that
  happens. The next table has the other case.
- The strings of label values exist before. A string that was cut out of a URL costs its hash in addition.
- prom-client's bound child checks and hashes its labels at each call; its counter without labels is a plain property.
- The summaries differ: prom-client keeps a t-digest, \`${own}\` exponential buckets that can be merged.
`;
}
