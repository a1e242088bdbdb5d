import { labelNames } from './inputs.mjs';

/** New series in one call of `run`. The routes are enough for a hundred runs: none meets a label set of an earlier one. */
const newSeries = 1000;
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const statuses = ['200', '201', '302', '404', '500'];
const routes = Array.from({ length: 4000 }, (_, index) => `/api/v1/resource-${index}/:id`);

/** Calls `use` with the next thousand label sets: one route after the other, with every method and status. */
function labelSource(use) {
  let next = 0;
  return () => {
    for (const end = next + newSeries; next < end; next++) {
      use({
        method: methods[Math.floor(next / 5) % 5],
        route: routes[Math.floor(next / 25)],
        status: statuses[next % 5],
      });
    }
  };
}

function created(run, metric, samplesOfSeries) {
  const result = async () => (await metric.get()).values.length / samplesOfSeries;
  return { run, result, expected: (runs) => runs * newSeries };
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
