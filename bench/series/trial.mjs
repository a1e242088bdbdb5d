// One trial of new series: a process makes them and uses them again, in the same order. The parent gets the nanoseconds per
// series of each pass.
import { labelNames, labelSet } from '../label-sets.mjs';
import { load } from '../rivals.mjs';

const { rival, metric, series, passes } = JSON.parse(process.argv[2]);

const client = await load(rival);
const { update, counts } = {
  counter() {
    const counter = new client.Counter({ name: 'requests_total', help: 'Requests.', labelNames });
    return { update: (labels) => counter.inc(labels), counts: () => valuesOf(counter) };
  },
  // In another order than the names of the labels, and with a number.
  number() {
    const counter = new client.Counter({ name: 'requests_total', help: 'Requests.', labelNames });
    return {
      update: ({ method, route, status }) => counter.inc({ route, method, status: Number(status) }),
      counts: () => valuesOf(counter),
    };
  },
  histogram() {
    const histogram = new client.Histogram({ name: 'latency_seconds', help: 'How long.', labelNames });
    return {
      update: (labels) => histogram.observe(labels, 0.2),
      counts: () => valuesOf(histogram, (name) => name.endsWith('_count')),
    };
  },
}[metric]();

const nanoseconds = [];
for (let pass = 0; pass < passes; pass++) {
  const start = performance.now();
  for (let index = 0; index < series; index++) update(labelSet(index));
  nanoseconds.push(((performance.now() - start) * 1e6) / series);
}
const found = await counts();
if (found.length !== series || found.some((count) => count !== passes)) {
  throw new Error(`expected ${series} series of ${rival} with ${passes} each, but got ${found.length}`);
}
process.send({ nanoseconds }, () => process.disconnect());

async function valuesOf(metric, isWanted = () => true) {
  const { values } = await metric.get();
  return values.filter(({ metricName }) => isWanted(metricName)).map(({ value }) => value);
}
