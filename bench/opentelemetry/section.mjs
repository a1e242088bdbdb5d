// What OpenTelemetry's API costs with the SDK and with the MeterProvider of this package.
import { bytes, count, factor, milliseconds, number, table } from '../figures.mjs';
import { figureOf, own } from '../rivals.mjs';
import { median } from '../statistics.mjs';
import { providers, sdk } from './providers.mjs';

const rows = {
  calls: [
    { figure: 'add', title: '`counter.add(1, { … })`', written: nanoseconds },
    { figure: 'record', title: '`histogram.record(value, { … })`', written: nanoseconds },
    { figure: 'boundAdd', title: '`counter.bind({ … })`, then `add(1)`', written: nanoseconds },
    { figure: 'boundRecord', title: '`histogram.bind({ … })`, then `record(value)`', written: nanoseconds },
  ],
  memory: [
    { figure: 'counter', title: 'memory of a series of a counter', written: bytes },
    { figure: 'histogram', title: 'of a histogram of 16 buckets', written: bytes },
  ],
  scrape: [
    { figure: 'time', title: 'a scrape', written: milliseconds },
    { figure: 'stop', title: 'the longest stop of the event loop meanwhile', written: milliseconds },
  ],
};

function nanoseconds(value) {
  return `${number(value)} ns`;
}

export function measurements({ rounds, seconds, series }) {
  return Object.keys(rows).map((kind) => ({
    name: `opentelemetry-${kind}`,
    kind,
    rounds,
    module: 'opentelemetry/trial.mjs',
    contestants: providers.map((rival) => ({ rival, trial: { rival, kind, seconds, series }, trials: [] })),
  }));
}

export function resultOf({ kind, contestants }) {
  const figures = contestants.map(({ rival, trials }) => ({
    rival,
    trials,
    ...Object.fromEntries(
      rows[kind]
        .filter(({ figure }) => trials[0][figure] !== undefined)
        .map(({ figure }) => [figure, median(trials.map((trial) => trial[figure]))]),
    ),
  }));
  return { kind, figures };
}

export function tables(results) {
  const lines = results.flatMap(({ kind, figures }) =>
    rows[kind].map(({ figure, title, written }) => {
      const [theirs, ours] = [sdk, own].map((name) => figureOf(figures, name)[figure]);
      return [
        title,
        theirs === undefined ? '' : written(theirs),
        written(ours),
        theirs === undefined ? '' : `**${factor(theirs / ours)}**`,
      ];
    }),
  );
  return table(['', ...providers, 'ratio'], lines);
}

export function charts() {
  return [];
}

export function chapter(results, { rounds, series }) {
  return `## OpenTelemetry

${tables(results)}
The calls are those of \`@opentelemetry/api\`, on the SDK with exporter-prometheus and on \`${own}/opentelemetry\`. Calls have 100 sets of three
attributes, and a new object each. Memory is per series of ${count(series)}, in heap and files, after a scrape. The scrape is of ${count(series)}
series of one process, half of them histograms, as text.

- Medians of ${rounds} fresh processes, interleaved. The SDK has no bound instruments.
`;
}
