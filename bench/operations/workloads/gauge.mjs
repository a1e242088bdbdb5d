import {
  batch,
  boundLabels,
  labelNames,
  labelSets,
  levels,
  method,
  route,
  setIndex,
  status,
} from './inputs.mjs';

const about = { name: 'queue_length', help: 'Items that wait.' };

/** Each run sets the same values. `seriesAt` tells the series of a step; the last step of a series decides its value. */
function setTo(run, result, seriesAt) {
  const last = new Map();
  for (let step = 0; step < batch; step++) last.set(seriesAt(step), levels[step]);
  const expected = sum(last.values());
  return { run, result, expected: () => expected };
}

function sum(values) {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

async function sumOf(gauge) {
  return sum((await gauge.get()).values.map(({ value }) => value));
}

const onlySeries = () => 0;
const seriesOfSet = (step) => setIndex[step];

function oneCell() {
  const cells = new Float64Array(1);
  const run = () => {
    for (let step = 0; step < batch; step++) cells[0] = levels[step];
  };
  return setTo(run, () => sum(cells), onlySeries);
}

function manyCells() {
  const cells = new Float64Array(labelSets.length);
  const run = () => {
    for (let step = 0; step < batch; step++) cells[setIndex[step]] = levels[step];
  };
  return setTo(run, () => sum(cells), seriesOfSet);
}

export const gaugeWorkloads = [
  {
    name: 'gauge-bare',
    title: '`gauge.set(v)`, no labels',
    limit: oneCell,
    prepare(client) {
      const gauge = new client.Gauge(about);
      const run = () => {
        for (let step = 0; step < batch; step++) gauge.set(levels[step]);
      };
      return setTo(run, () => sumOf(gauge), onlySeries);
    },
  },
  {
    name: 'gauge-bound',
    title: '`child.set(v)`, a bound child',
    limit: oneCell,
    prepare(client) {
      const gauge = new client.Gauge({ ...about, labelNames });
      const child = gauge.labels(...boundLabels);
      const run = () => {
        for (let step = 0; step < batch; step++) child.set(levels[step]);
      };
      return setTo(run, () => sumOf(gauge), onlySeries);
    },
  },
  {
    name: 'gauge-object',
    title: '`gauge.set({ … }, v)`',
    limit: manyCells,
    prepare(client) {
      const gauge = new client.Gauge({ ...about, labelNames });
      const run = () => {
        for (let step = 0; step < batch; step++) {
          gauge.set({ method: method[step], route: route[step], status: status[step] }, levels[step]);
        }
      };
      return setTo(run, () => sumOf(gauge), seriesOfSet);
    },
  },
  {
    name: 'gauge-values',
    title: '`gauge.labels(a, b, c).set(v)`',
    limit: manyCells,
    prepare(client) {
      const gauge = new client.Gauge({ ...about, labelNames });
      const run = () => {
        for (let step = 0; step < batch; step++) {
          gauge.labels(method[step], route[step], status[step]).set(levels[step]);
        }
      };
      return setTo(run, () => sumOf(gauge), seriesOfSet);
    },
  },
];
