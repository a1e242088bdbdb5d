import { batch, keptLabels, labelNames, labelSets, levels, method, place, route, status } from './inputs.mjs';

const about = { name: 'queue_length', help: 'Items that wait.' };

/** Each batch leaves the same values behind: `last` says which, for the series at each step. */
function setTo(run, result, last) {
  const left = new Map();
  for (let step = 0; step < batch; step++) left.set(last(step), levels[step]);
  const expected = sum(left.values());
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

const theOnlyOne = () => 0;
const thatOfTheStep = (step) => place[step];

function oneCell() {
  const cells = new Float64Array(1);
  const run = () => {
    for (let step = 0; step < batch; step++) cells[0] = levels[step];
  };
  return setTo(run, () => sum(cells), theOnlyOne);
}

function manyCells() {
  const cells = new Float64Array(labelSets.length);
  const run = () => {
    for (let step = 0; step < batch; step++) cells[place[step]] = levels[step];
  };
  return setTo(run, () => sum(cells), thatOfTheStep);
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
      return setTo(run, () => sumOf(gauge), theOnlyOne);
    },
  },
  {
    name: 'gauge-kept',
    title: '`child.set(v)`, a kept `gauge.labels(…)`',
    limit: oneCell,
    prepare(client) {
      const gauge = new client.Gauge({ ...about, labelNames });
      const child = gauge.labels(...keptLabels);
      const run = () => {
        for (let step = 0; step < batch; step++) child.set(levels[step]);
      };
      return setTo(run, () => sumOf(gauge), theOnlyOne);
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
      return setTo(run, () => sumOf(gauge), thatOfTheStep);
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
      return setTo(run, () => sumOf(gauge), thatOfTheStep);
    },
  },
];
