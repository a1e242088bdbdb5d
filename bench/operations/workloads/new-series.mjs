import { labelNames, labelSet } from '../../label-sets.mjs';

/** New series in one call of `run`. There are label sets for a hundred runs: none meets one of an earlier run. */
const newSeries = 1000;

/** More than there are runs for. */
const seriesUsedAgain = 25_000;

/** Calls `use` with the next thousand label sets. */
function labelSource(use) {
  let next = 0;
  return () => {
    for (const end = next + newSeries; next < end; next++) use(labelSet(next));
  };
}

function created(run, metric, samplesOfSeries) {
  const result = async () => (await metric.get()).values.length / samplesOfSeries;
  return { run, result, expected: (runs) => runs * newSeries };
}

/** Series of a counter that are used again, each once, after all have been used for the first time. */
function usedAgain(client) {
  const counter = new client.Counter({ name: 'requests_total', help: 'Requests.', labelNames });
  for (let index = 0; index < seriesUsedAgain; index++) counter.inc(labelSet(index));
  const run = labelSource((labels) => counter.inc(labels));
  const result = async () => (await counter.get()).values.reduce((sum, { value }) => sum + value, 0);
  return { run, result, expected: (runs) => seriesUsedAgain + runs * newSeries };
}

export const newSeriesWorkloads = [
  {
    name: 'counter-new',
    title: '`counter.inc({ … })`, first time',
    operations: newSeries,
    isUnrepeatable: true,
    prepare(client) {
      const counter = new client.Counter({ name: 'requests_total', help: 'Requests.', labelNames });
      return created(
        labelSource((labels) => counter.inc(labels)),
        counter,
        1,
      );
    },
  },
  {
    name: 'counter-new-number',
    title: '`counter.inc({ …, status: 200 })`, first time',
    operations: newSeries,
    isUnrepeatable: true,
    prepare(client) {
      const counter = new client.Counter({ name: 'requests_total', help: 'Requests.', labelNames });
      const run = labelSource(({ method, route, status }) => {
        counter.inc({ route, method, status: Number(status) });
      });
      return created(run, counter, 1);
    },
  },
  {
    name: 'counter-second',
    title: '`counter.inc({ … })`, second time',
    operations: newSeries,
    isUnrepeatable: true,
    prepare: usedAgain,
  },
  {
    name: 'histogram-new',
    title: '`histogram.observe({ … }, v)`, first time',
    operations: newSeries,
    isUnrepeatable: true,
    prepare(client) {
      const histogram = new client.Histogram({ name: 'latency_seconds', help: 'How long.', labelNames });
      return created(
        labelSource((labels) => histogram.observe(labels, 0.2)),
        histogram,
        14,
      );
    },
  },
];
