import { batch, boundLabels, labelNames, latencies, method, route, status } from './inputs.mjs';

const about = { name: 'duration_seconds', help: 'How long requests take.' };

function observed(run, summary) {
  const result = async () =>
    (await summary.get()).values
      .filter(({ metricName }) => metricName?.endsWith('_count'))
      .reduce((sum, { value }) => sum + value, 0);
  return { run, result, expected: (runs) => runs * batch };
}

export const summaryWorkloads = [
  {
    name: 'summary-bare',
    title: '`summary.observe(v)`, no labels',
    prepare(client) {
      const summary = new client.Summary(about);
      return observed(() => {
        for (let step = 0; step < batch; step++) summary.observe(latencies[step]);
      }, summary);
    },
  },
  {
    name: 'summary-bound',
    title: '`child.observe(v)`, a bound child',
    prepare(client) {
      const summary = new client.Summary({ ...about, labelNames });
      const child = summary.labels(...boundLabels);
      return observed(() => {
        for (let step = 0; step < batch; step++) child.observe(latencies[step]);
      }, summary);
    },
  },
  {
    name: 'summary-object',
    title: '`summary.observe({ … }, v)`',
    prepare(client) {
      const summary = new client.Summary({ ...about, labelNames });
      return observed(() => {
        for (let step = 0; step < batch; step++) {
          summary.observe(
            { method: method[step], route: route[step], status: status[step] },
            latencies[step],
          );
        }
      }, summary);
    },
  },
  {
    name: 'summary-values',
    title: '`summary.labels(a, b, c).observe(v)`',
    prepare(client) {
      const summary = new client.Summary({ ...about, labelNames });
      return observed(() => {
        for (let step = 0; step < batch; step++) {
          summary.labels(method[step], route[step], status[step]).observe(latencies[step]);
        }
      }, summary);
    },
  },
];
