// Rate, errors and duration of HTTP requests, for instrumentHttp()'s default preset and for auto.
import { dashboard, graph, heatmap, number } from './panels.mjs';

const where = 'job=~"$job",instance=~"$instance",route=~"$route"';
const requests = `http_requests_total{${where}}`;
const failed = `http_requests_total{${where},status_code=~"5.."}`;
const rate = '[$__rate_interval]';

/** The queries of durations, which differ between the kinds of histograms. */
const classic = {
  quantile: (q, by) => {
    const labels = ['le', ...by].join(', ');
    return `histogram_quantile(${q}, sum by (${labels}) (rate(http_request_duration_seconds_bucket{${where}}${rate})))`;
  },
  sum: (by) => `sum by (${by}) (rate(http_request_duration_seconds_sum{${where}}${rate}))`,
  count: (by) => `sum by (${by}) (rate(http_request_duration_seconds_count{${where}}${rate}))`,
  buckets: `sum by (le) (increase(http_request_duration_seconds_bucket{${where}}${rate}))`,
};
const nativeRate = (by) => `sum by (${by}) (rate(http_request_duration_seconds{${where}}${rate}))`;
const native = {
  quantile: (q, by) => `histogram_quantile(${q}, ${nativeRate(by.join(', '))})`,
  sum: (by) => `histogram_sum(${nativeRate(by)})`,
  count: (by) => `histogram_count(${nativeRate(by)})`,
  buckets: `sum(increase(http_request_duration_seconds{${where}}${rate}))`,
};

export const http = httpDashboard('prom-client-mmap-http', 'HTTP', 'from classic histograms', classic);
export const httpNative = httpDashboard(
  'prom-client-mmap-http-native',
  'HTTP, native histograms',
  'from native histograms: instrumentHttp({ native: true }), and a Prometheus whose native histograms are on',
  native,
);

function httpDashboard(uid, title, source, { quantile, sum, count, buckets }) {
  return dashboard({
    uid,
    title,
    description: `Rate, errors and duration of HTTP requests; durations ${source}.`,
    variables: {
      job: { query: 'label_values(http_requests_total{pid=""}, job)' },
      instance: { query: 'label_values(http_requests_total{job=~"$job"}, instance)', all: '.+' },
      route: { query: 'label_values(http_requests_total{job=~"$job"}, route)', all: '.*' },
    },
    rows: [
      [
        'Now',
        [
          number('Requests', 'reqps', `sum(rate(${requests}${rate}))`),
          number(
            'Failed',
            'percentunit',
            `(sum(rate(${failed}${rate})) or vector(0)) / sum(rate(${requests}${rate}))`,
            'The share of answers with a status of 500 and above.',
          ),
          number('p99', 's', quantile(0.99, [])),
          number('In progress', 'short', 'sum(http_requests_in_progress{job=~"$job",instance=~"$instance"})'),
        ],
      ],
      [
        'Rate and errors',
        [
          graph('Requests by route', 'reqps', [
            { expr: `sum by (route) (rate(${requests}${rate}))`, legend: '{{route}}' },
          ]),
          graph('Requests by status', 'reqps', [
            { expr: `sum by (status_code) (rate(${requests}${rate}))`, legend: '{{status_code}}' },
          ]),
          graph('Failed, by route', 'percentunit', [
            {
              expr: `sum by (route) (rate(${failed}${rate})) / sum by (route) (rate(${requests}${rate}))`,
              legend: '{{route}}',
            },
          ]),
          graph(
            'Aborted requests',
            'reqps',
            [
              {
                expr: `sum by (by) (rate(http_requests_aborted_total{job=~"$job",instance=~"$instance"}${rate}))`,
                legend: '{{by}}',
              },
            ],
            'By the client, which went away, or by the server, which gave up.',
          ),
        ],
      ],
      [
        'Duration',
        [
          graph(
            'Percentiles',
            's',
            [0.5, 0.9, 0.99].map((q) => ({ expr: quantile(q, []), legend: `p${100 * q}` })),
          ),
          heatmap('Durations', 's', buckets),
          graph('p90 by route', 's', [{ expr: quantile(0.9, ['route']), legend: '{{route}}' }]),
          graph('p99 by route', 's', [{ expr: quantile(0.99, ['route']), legend: '{{route}}' }]),
          graph('Mean by route', 's', [{ expr: `${sum('route')} / ${count('route')}`, legend: '{{route}}' }]),
          graph(
            'Requests at work, by route',
            'short',
            [{ expr: sum('route'), legend: '{{route}}' }],
            'Seconds of requests in a second: rate times mean. The first one is where a speed-up helps most.',
          ),
        ],
      ],
    ],
  });
}
