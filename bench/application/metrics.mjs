// The forty metrics of the application, and the calls to them as source text.

/** The values of each label. */
export const labelValues = {
  queue: texts('queue', 8),
  cache: texts('cache', 4),
  result: ['hit', 'miss'],
  topic: texts('topic', 6),
  partition: texts('', 12),
  method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
  route: texts('/api/v1/resource/', 24),
  status: ['200', '201', '302', '404', '500'],
  database: texts('database', 3),
  operation: ['select', 'insert', 'update', 'delete'],
  table: texts('table', 10),
  outcome: ['ok', 'conflict', 'error'],
};

const labelNames = [
  [],
  ['queue'],
  ['cache', 'result'],
  ['topic', 'partition'],
  ['method', 'route', 'status'],
  ['database', 'operation', 'table', 'outcome'],
];

const types = [
  { type: 'Counter', word: 'counter', method: 'inc', amount: '' },
  { type: 'Gauge', word: 'gauge', method: 'set', amount: 'v' },
  { type: 'Histogram', word: 'histogram', method: 'observe', amount: 'v' },
  { type: 'Summary', word: 'summary', method: 'observe', amount: 'v' },
];

/** 12 counters, 12 gauges, 10 histograms and 6 summaries; `name` is the variable of the metric, too. */
export const metrics = Array.from({ length: 40 }, (_, index) => ({
  ...types[Math.floor(index / labelNames.length) % types.length],
  name: `metric_${index}`,
  labelNames: labelNames[index % labelNames.length],
}));

/** The variable of the bound child of a metric. */
export function childOf({ name }) {
  return `child_of_${name}`;
}

/** How a call is written in the report and in the program, where `step` is the index of its label values. */
const forms = {
  bare: {
    title: ({ word, method, amount }) => `\`${word}.${method}(${amount})\`, no labels`,
    source: ({ name, method, amount }) => `${name}.${method}(${amount});`,
  },
  bound: {
    title: ({ method, amount }) => `\`child.${method}(${amount})\`, a bound child`,
    source: (metric) => `${childOf(metric)}.${metric.method}(${metric.amount});`,
  },
  object: {
    title: ({ word, method, amount }) =>
      `\`${word}.${method}(${['{ … }', amount].filter(Boolean).join(', ')})\``,
    source: ({ name, method, amount, labelNames: names }) =>
      `${name}.${method}({ ${names.map((label) => `${label}: ${label}[step]`).join(', ')} }, ${amount});`,
  },
  values: {
    title: ({ word, method, amount }) => `\`${word}.labels(…).${method}(${amount})\``,
    source: ({ name, method, amount, labelNames: names }) =>
      `${name}.labels(${names.map((label) => `${label}[step]`).join(', ')}).${method}(${amount});`,
  },
};

/** One kind for each form and type: `calls` is the source text of one call to each metric that has it. */
export const kinds = types.flatMap((type) =>
  Object.entries(forms).map(([form, { title, source }]) => {
    const its = metrics.filter(
      (metric) => metric.type === type.type && (form === 'bare') === (metric.labelNames.length === 0),
    );
    return { name: `${type.word}-${form}`, title: title(type), type: type.type, calls: its.map(source) };
  }),
);

function texts(prefix, length) {
  return Array.from({ length }, (_, index) => `${prefix}${index}`);
}
