// The results as Markdown: the tables alone for the terminal, with all that is needed to judge them for docs/.
import { versionOf } from './machine.mjs';
import { limit, rivals } from './rivals.mjs';
import { batch } from './workloads/inputs.mjs';

const names = rivals.map(({ name }) => name);

export function tables(results) {
  const operations = results.filter(({ title }) => title !== undefined);
  const scrapes = results.filter(({ sets }) => sets !== undefined);
  const parts = scrapes.map(scrapeTable);
  if (operations.length > 0) parts.unshift(operationTable(operations));
  return parts.join('\n');
}

function operationTable(results) {
  const rivalCells = ({ figures }) =>
    [limit, ...names].map((name) => {
      const figure = figures.find(({ rival }) => rival === name);
      return figure === undefined ? '' : `${number(figure.nanoseconds)} ±${percent(figure.spread)}`;
    });
  return table(
    ['ns per operation', `\`${limit}\``, ...names, 'ratio', 'of the limit'],
    results.map((result) => [
      result.title,
      ...rivalCells(result),
      `**${factor(result.ratio)}**`,
      result.overLimit === undefined ? '' : factor(result.overLimit),
    ]),
  );
}

function scrapeTable({ sets, bytes, figures, idle }) {
  return table(
    [
      `4 workers x ${sets.toLocaleString('en')} label sets, ${(bytes / 1e6).toFixed(1)} MB`,
      'a scrape',
      'ratio',
      'the first one',
      'stops who answers for',
      'stops others for',
    ],
    [
      ...figures.map((figure) => [
        `${figure.rival}, asked in ${figure.server === 'primary' ? 'the primary' : 'a worker'}`,
        `${milliseconds(figure.milliseconds)} ±${percent(figure.spread)}${late(figure)}`,
        `**${factor(figure.ratio)}**`,
        milliseconds(figure.first),
        milliseconds(figure.stop),
        milliseconds(figure.otherStop),
      ]),
      ['no scrape', '', '', '', milliseconds(idle.stop), milliseconds(idle.otherStop)],
    ],
  );
}

function late({ tooLate, trials }) {
  return tooLate === 0 ? '' : `, ${tooLate} of ${trials.flat().length} too late`;
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |\n`;
  const rule = line(head.map((_, column) => (column === 0 ? '---' : '---:')));
  return line(head) + rule + rows.map(line).join('');
}

function number(value) {
  return value < 99.5 ? value.toPrecision(value < 0.95 ? 1 : 2) : Math.round(value).toLocaleString('en');
}

function milliseconds(value) {
  return `${number(value)} ms`;
}

function percent(part) {
  return `${(part * 100).toFixed(0)} %`;
}

function factor(value) {
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)}x`;
}

export function document({ about, effort, seconds, results }) {
  const versions = names.map((name) => `${name} ${versionOf(name)}`).join(', ');
  return `# Benchmarks

Written by \`npm run bench\` in ${Math.ceil(seconds / 60)} min; do not edit. The sources are in \`bench/\`; \`npm run bench -- --quick\` takes
a minute and writes nothing, \`-- --only counter-kept\` runs one workload, \`-- --json file\` keeps every single figure.

- ${about.date}, Node ${about.node} (V8 ${about.v8}), ${about.system}
- ${about.cores} cores of ${about.cpu}, ${about.gibibytes} GiB; load average at the start: ${about.load}
- ${versions}

Times are of this machine on that day. What can be compared is the ratio: how many times as fast \`${names.at(-1)}\` is as the
fastest of the others in the same run.

## Counting

${operationTable(results.filter(({ title }) => title !== undefined))}
Three labels, 600 label sets in random order, a new object with every call where there is one; histograms have the
default 11 buckets. \`${limit}\` is the physical reference: the same additions or stores to plain doubles in an array, at places that are
known beforehand. *of the limit* is how many times as long \`${names.at(-1)}\` takes.

## Scraping a cluster

${results
  .filter(({ sets }) => sets !== undefined)
  .map(scrapeTable)
  .join('\n')}
Each label set has a counter and a histogram with 11 buckets, the same sets in all workers. prom-client answers by
\`AggregatorRegistry.clusterMetrics()\`, in the primary only; \`${names.at(-1)}\` by \`register.metrics()\` in any process.

## How it is measured

- Each trial is a fresh process that does one workload for one rival. The rivals take turns, and a round of all workloads
  ends before the next begins; figures are medians of ${effort.rounds} trials, ± half the distance between the quartiles.
- Within a trial, the package \`benchmark\` times batches of ${batch.toLocaleString('en')} operations for ${effort.seconds} s, after it has warmed up; the median of
  its samples counts. Inputs come from fixed seeds and are made beforehand; reading them from their arrays is part of every
  figure, the limit's too.
- Afterwards the metric is read through its public API: it must have counted exactly what it was told to. So nothing was
  optimized away, and nothing lost.
- *first time*: each call makes a new series, of one route after the other with five methods and statuses. The figure is the mean of ten batches of 1,000, every other one of the first
  20,000 series of a process: it contains part of the warming up, and the growth of tables and files.
- A scrape is timed from the call to the whole text as a string. Every number changes between two scrapes. The figure is the
  median of those after the first, in ${effort.clusters.map(({ rounds, sets }) => `${rounds} trials at ${sets.toLocaleString('en')}`).join(' and ')}. The texts of all rivals had the same lines.
- *stops*: a timer that should fire every millisecond notes the longest time between two of its turns during a scrape, in
  every process. The last row shows what it notes without a scrape: what is not above that is nothing. *others* is the
  one among the other four processes that was stopped longest.
- prom-client fails a scrape whose workers have not answered after 5 s. Here it may take longer, and the table says how many
  scrapes were too late.

## What the figures do not show

- A workload that is alone in its process is the best case for V8, for every rival: it inlines and specializes for the one
  thing that happens. Label values are strings that exist; one that is cut out of a URL must be hashed before anybody can look it up.
- prom-client's kept child checks and hashes its labels with each call; its counter without labels is a plain property.
- The summaries do different things: prom-client keeps a t-digest, \`${names.at(-1)}\` exponential buckets that can be added.
- \`${names.at(-1)}\` counts into files in shared memory (\`/dev/shm\` where there is one), as it does by default.
- Scrapes share ${about.cores} cores between 5 processes; prom-client's workers would answer faster with more of them.
`;
}
