// What an increment, an observation, and the first of a series cost.
import { count, factor, image, number, spreadOut, table } from '../figures.mjs';
import { bestOther, figureOf, limit, own, rivals } from '../rivals.mjs';
import { median, spread } from '../statistics.mjs';
import { workloads } from './workloads/all.mjs';
import { batch } from './workloads/inputs.mjs';

const names = rivals.map(({ name }) => name);

export function measurements({ rounds, seconds }) {
  return workloads.map((workload) => ({
    name: workload.name,
    title: workload.title,
    rounds,
    module: 'operations/trial.mjs',
    contestants: [...(workload.limit ? [limit] : []), ...names].map((rival) => ({
      rival,
      trial: { workload: workload.name, rival, seconds },
      trials: [],
    })),
  }));
}

/** Ratios are those of medians, to the best of the other rivals. */
export function resultOf({ title, contestants }) {
  const figures = contestants.map(({ rival, trials }) => {
    const nanoseconds = trials.map((trial) => trial.nanoseconds);
    return { rival, nanoseconds: median(nanoseconds), spread: spread(nanoseconds), trials: nanoseconds };
  });
  const ours = figureOf(figures, own).nanoseconds;
  const raw = figureOf(figures, limit)?.nanoseconds;
  return {
    title,
    figures,
    ratio: bestOther(figures, 'nanoseconds') / ours,
    ...(raw === undefined ? {} : { overLimit: ours / raw }),
  };
}

export function tables(results) {
  return table(
    ['ns per operation', `\`${limit}\``, ...names, 'ratio', 'of the limit'],
    results.map(({ title, figures, ratio, overLimit }) => [
      title,
      ...[limit, ...names].map((name) => {
        const figure = figureOf(figures, name);
        return figure === undefined ? '' : spreadOut(number(figure.nanoseconds), figure.spread);
      }),
      `**${factor(ratio)}**`,
      overLimit === undefined ? '' : factor(overLimit),
    ]),
  );
}

export function charts(results) {
  const panelOf = (title, ...families) => {
    const shown = results.filter(({ name }) => families.some((family) => name.startsWith(family)));
    const rivalsShown = [limit, ...names];
    return {
      title,
      x: { type: 'category', categories: shown.map(({ name }) => name.replace('-', '\n')) },
      y: { type: 'log', name: 'ns per operation', min: 1 },
      series: rivalsShown.map((name) => ({
        name,
        type: 'bar',
        data: shown.map(({ figures }) => figureOf(figures, name)?.nanoseconds ?? null),
      })),
    };
  };
  const panels = [
    panelOf('counters and gauges', 'counter', 'gauge'),
    panelOf('histograms and summaries', 'histogram', 'summary'),
  ];
  return [
    { file: 'operations.svg', width: 1000, title: 'What one operation takes (less is better)', panels },
  ];
}

export function chapter(results, { rounds, seconds }) {
  return `## Counting

${tables(results)}
${image('operations.svg', 'Nanoseconds per operation, for each workload and rival, on a logarithmic scale')}
Three labels, 600 label sets in random order, a new object with every call where there is one; histograms have the
default 11 buckets. \`${limit}\` is the physical reference: the same additions or stores to plain doubles in an array, at
places that are known beforehand. *of the limit* is how many times as long \`${own}\` takes.

- Figures are medians of ${rounds} trials. Within a trial, the package \`benchmark\` times batches of ${count(batch)} operations for ${seconds} s,
  after it has warmed up; the median of its samples counts. Inputs come from fixed seeds and are made beforehand; reading
  them from their arrays is part of every figure, the limit's too.
- Afterwards the metric is read through its public API: it must have counted exactly what it was told to. So nothing was
  optimized away, and nothing lost.
- *first time*: each call makes a new series, of one route after the other with five methods and statuses. The figure is
  the mean of ten batches of 1,000, every other one of the first 20,000 series of a process: it contains part of the
  warming up, and the growth of tables and files. With a number among them, the labels are in another order than the names
  are, too. *second time*: the same of 25,000 series that have been used once, where
  \`${own}\` makes what it has put off.
- A workload that is alone in its process is the best case for V8, for every rival: it inlines and specializes for the one
  thing that happens. Label values are strings that exist; one that is cut out of a URL must be hashed before anybody can
  look it up.
- prom-client's kept child checks and hashes its labels with each call; its counter without labels is a plain property.
- The summaries do different things: prom-client keeps a t-digest, \`${own}\` exponential buckets that can be added.
`;
}
