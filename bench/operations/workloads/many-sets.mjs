// Labelled calls on a metric with so many label sets that they do not fit into the processor's caches.
import { count } from '../../figures.mjs';
import { labelNames, labelSet } from '../../label-sets.mjs';
import { random, shuffled } from '../../random.mjs';

export const manySetsWorkloads = [20_000, 100_000].map((sets) => ({
  name: `counter-${sets}`,
  title: `\`counter.inc({ … })\`, ${count(sets)} label sets`,
  operations: sets,
  limit() {
    const { index } = inputs(sets);
    const cells = new Float64Array(sets);
    const run = () => {
      for (let step = 0; step < sets; step++) cells[index[step]] += 1;
    };
    return counted(sets, run, () => cells);
  },
  prepare(client) {
    const { method, route, status } = inputs(sets);
    const counter = new client.Counter({ name: 'requests_total', help: 'Requests.', labelNames });
    const run = () => {
      for (let step = 0; step < sets; step++) {
        counter.inc({ method: method[step], route: route[step], status: status[step] });
      }
    };
    return counted(sets, run, async () => (await counter.get()).values.map(({ value }) => value));
  },
}));

/** Each label set once, in random order: its index and its labels. */
function inputs(sets) {
  const order = shuffled(
    Uint32Array.from({ length: sets }).map((_, index) => index),
    random(1),
  );
  const labels = Array.from(order, labelSet);
  return {
    index: order,
    method: labels.map(({ method }) => method),
    route: labels.map(({ route }) => route),
    status: labels.map(({ status }) => status),
  };
}

/** The series are made here, by a first run. */
function counted(sets, run, values) {
  run();
  const result = async () => (await values()).reduce((sum, value) => sum + value, 0);
  return { run, result, expected: (runs) => (1 + runs) * sets };
}
