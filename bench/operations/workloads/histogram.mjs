import {
  batch,
  boundLabels,
  labelNames,
  labelSets,
  latencies,
  method,
  route,
  setIndex,
  status,
} from './inputs.mjs';

const about = { name: 'latency_seconds', help: 'How long requests take.' };
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

async function countOf(histogram) {
  return (await histogram.get()).values
    .filter(({ metricName }) => metricName.endsWith('_count'))
    .reduce((sum, { value }) => sum + value, 0);
}

function observed(run, histogram) {
  return { run, result: () => countOf(histogram), expected: (runs) => runs * batch };
}

/** Adds to sum, count and bucket; the series and the bucket of each step are known. */
function cellsOf(series, seriesAt) {
  const width = bounds.length + 3;
  const cells = new Float64Array(series * width);
  const buckets = Uint8Array.from(latencies, (value) => bounds.filter((bound) => value > bound).length);
  const run = () => {
    for (let step = 0; step < batch; step++) {
      const first = seriesAt(step) * width;
      cells[first] += latencies[step];
      cells[first + 1] += 1;
      cells[first + 2 + buckets[step]] += 1;
    }
  };
  const result = () => cells.reduce((sum, value, cell) => (cell % width === 1 ? sum + value : sum), 0);
  return { run, result, expected: (runs) => runs * batch };
}

const oneSeries = () => cellsOf(1, () => 0);
const manySeries = () => cellsOf(labelSets.length, (step) => setIndex[step]);

export const histogramWorkloads = [
  {
    name: 'histogram-bare',
    title: '`histogram.observe(v)`, no labels',
    limit: oneSeries,
    prepare(client) {
      const histogram = new client.Histogram(about);
      return observed(() => {
        for (let step = 0; step < batch; step++) histogram.observe(latencies[step]);
      }, histogram);
    },
  },
  {
    name: 'histogram-bound',
    title: '`child.observe(v)`, a bound child',
    limit: oneSeries,
    prepare(client) {
      const histogram = new client.Histogram({ ...about, labelNames });
      const child = histogram.labels(...boundLabels);
      return observed(() => {
        for (let step = 0; step < batch; step++) child.observe(latencies[step]);
      }, histogram);
    },
  },
  {
    name: 'histogram-object',
    title: '`histogram.observe({ … }, v)`',
    limit: manySeries,
    prepare(client) {
      const histogram = new client.Histogram({ ...about, labelNames });
      return observed(() => {
        for (let step = 0; step < batch; step++) {
          histogram.observe(
            { method: method[step], route: route[step], status: status[step] },
            latencies[step],
          );
        }
      }, histogram);
    },
  },
  {
    name: 'histogram-values',
    title: '`histogram.labels(a, b, c).observe(v)`',
    limit: manySeries,
    prepare(client) {
      const histogram = new client.Histogram({ ...about, labelNames });
      return observed(() => {
        for (let step = 0; step < batch; step++) {
          histogram.labels(method[step], route[step], status[step]).observe(latencies[step]);
        }
      }, histogram);
    },
  },
];
