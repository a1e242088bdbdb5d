import { batch, boundLabels, labelNames, labelSets, method, route, setIndex, status } from './inputs.mjs';

const about = { name: 'requests_total', help: 'Requests.' };

async function sumOf(counter) {
  return (await counter.get()).values.reduce((sum, { value }) => sum + value, 0);
}

/** A run of `batch` increments by one. */
function counted(run, counter) {
  return { run, result: () => sumOf(counter), expected: (runs) => runs * batch };
}

function countedIn(cells, run) {
  return {
    run,
    result: () => cells.reduce((sum, value) => sum + value, 0),
    expected: (runs) => runs * batch,
  };
}

/** One cell, for a counter without labels and for a bound child. */
function oneCell() {
  const cells = new Float64Array(1);
  return countedIn(cells, () => {
    for (let step = 0; step < batch; step++) cells[0] += 1;
  });
}

/** A cell for each label set; the index of each step is known. */
function manyCells() {
  const cells = new Float64Array(labelSets.length);
  return countedIn(cells, () => {
    for (let step = 0; step < batch; step++) cells[setIndex[step]] += 1;
  });
}

export const counterWorkloads = [
  {
    name: 'counter-bare',
    title: '`counter.inc()`, no labels',
    limit: oneCell,
    prepare(client) {
      const counter = new client.Counter(about);
      return counted(() => {
        for (let step = 0; step < batch; step++) counter.inc();
      }, counter);
    },
  },
  {
    name: 'counter-bound',
    title: '`child.inc()`, a bound child',
    limit: oneCell,
    prepare(client) {
      const counter = new client.Counter({ ...about, labelNames });
      const child = counter.labels(...boundLabels);
      return counted(() => {
        for (let step = 0; step < batch; step++) child.inc();
      }, counter);
    },
  },
  {
    name: 'counter-object',
    title: '`counter.inc({ … })`',
    limit: manyCells,
    prepare(client) {
      const counter = new client.Counter({ ...about, labelNames });
      return counted(() => {
        for (let step = 0; step < batch; step++) {
          counter.inc({ method: method[step], route: route[step], status: status[step] });
        }
      }, counter);
    },
  },
  {
    name: 'counter-values',
    title: '`counter.labels(a, b, c).inc()`',
    limit: manyCells,
    prepare(client) {
      const counter = new client.Counter({ ...about, labelNames });
      return counted(() => {
        for (let step = 0; step < batch; step++) {
          counter.labels(method[step], route[step], status[step]).inc();
        }
      }, counter);
    },
  },
];
