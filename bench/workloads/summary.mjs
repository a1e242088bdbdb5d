import { batch, keptLabels, labelNames, latencies, method, route, status } from './inputs.mjs';

const about = { name: 'duration_seconds', help: 'How long requests take.', labelNames };

function observed(run, summary) {
  const result = async () =>
    (await summary.get()).values
      .filter(({ metricName }) => metricName?.endsWith('_count'))
      .reduce((sum, { value }) => sum + value, 0);
  return { run, result, expected: (runs) => runs * batch };
}

export const summaryWorkloads = [
  {
    name: 'summary-kept',
    title: '`child.observe(v)`, a kept `summary.labels(…)`',
    prepare(client) {
      const summary = new client.Summary(about);
      const child = summary.labels(...keptLabels);
      return observed(() => {
        for (let step = 0; step < batch; step++) child.observe(latencies[step]);
      }, summary);
    },
  },
  {
    name: 'summary-object',
    title: '`summary.observe({ … }, v)`',
    prepare(client) {
      const summary = new client.Summary(about);
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
];
