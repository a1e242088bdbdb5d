// The default metrics. In a cluster gauges are the sum of all workers, lags their average, least or greatest.
import { dashboard, graph, number } from './panels.mjs';

const where = 'job=~"$job",instance=~"$instance"';
const rate = '[$__rate_interval]';
const gauge = (name, legend = '{{instance}}') => ({ expr: `${name}{${where}}`, legend });

export const node = dashboard({
  uid: 'prom-client-mmap-node',
  title: 'Node',
  description: 'CPU, memory, event loop and garbage collection, of all processes of an instance together.',
  variables: {
    job: { query: 'label_values(nodejs_version_info{pid=""}, job)' },
    instance: { query: 'label_values(nodejs_version_info{job=~"$job"}, instance)', all: '.+' },
  },
  rows: [
    [
      'Process',
      [
        number('CPU', 'percentunit', `sum(rate(process_cpu_seconds_total{${where}}${rate}))`),
        number('Resident memory', 'bytes', `sum(process_resident_memory_bytes{${where}})`),
        number('Lag, p99', 's', `max(nodejs_eventloop_lag_p99_seconds{${where}})`),
        number('Start', 'dateTimeFromNow', `max(process_start_time_seconds{${where}}) * 1000`),
        graph('CPU', 'percentunit', [
          { expr: `rate(process_cpu_user_seconds_total{${where}}${rate})`, legend: '{{instance}} user' },
          { expr: `rate(process_cpu_system_seconds_total{${where}}${rate})`, legend: '{{instance}} system' },
        ]),
        graph('Memory', 'bytes', [
          gauge('process_resident_memory_bytes', '{{instance}} resident'),
          gauge('nodejs_heap_size_total_bytes', '{{instance}} heap'),
          gauge('nodejs_heap_size_used_bytes', '{{instance}} heap in use'),
          gauge('nodejs_external_memory_bytes', '{{instance}} external'),
        ]),
        graph('Open descriptors', 'short', [gauge('process_open_fds')]),
        graph('Version', 'short', [
          { expr: `count by (version) (nodejs_version_info{${where}})`, legend: '{{version}}' },
        ]),
      ],
    ],
    [
      'Event loop',
      [
        graph('Lag', 's', [
          gauge('nodejs_eventloop_lag_mean_seconds', '{{instance}} mean'),
          gauge('nodejs_eventloop_lag_p50_seconds', '{{instance}} p50'),
          gauge('nodejs_eventloop_lag_p90_seconds', '{{instance}} p90'),
          gauge('nodejs_eventloop_lag_p99_seconds', '{{instance}} p99'),
          gauge('nodejs_eventloop_lag_max_seconds', '{{instance}} max'),
        ]),
        graph('Utilization', 'percentunit', [
          {
            expr:
              `rate(nodejs_eventloop_utilization_histogram_sum{${where}}${rate}) / ` +
              `rate(nodejs_eventloop_utilization_histogram_count{${where}}${rate})`,
            legend: '{{instance}}',
          },
        ]),
        graph('Handles and requests', 'short', [
          gauge('nodejs_active_handles_total', '{{instance}} handles'),
          gauge('nodejs_active_requests_total', '{{instance}} requests'),
        ]),
        graph('Resources by type', 'short', [
          { expr: `sum by (type) (nodejs_active_resources{${where}})`, legend: '{{type}}' },
        ]),
      ],
    ],
    [
      'Heap',
      [
        graph('Garbage collection: share of time', 'percentunit', [
          {
            expr: `sum by (instance, kind) (rate(nodejs_gc_duration_seconds_sum{${where}}${rate}))`,
            legend: '{{instance}} {{kind}}',
          },
        ]),
        graph('Garbage collections', 'ops', [
          {
            expr: `sum by (instance, kind) (rate(nodejs_gc_duration_seconds_count{${where}}${rate}))`,
            legend: '{{instance}} {{kind}}',
          },
        ]),
        graph('Spaces in use', 'bytes', [
          { expr: `sum by (space) (nodejs_heap_space_size_used_bytes{${where}})`, legend: '{{space}}' },
        ]),
        graph('Spaces, total', 'bytes', [
          { expr: `sum by (space) (nodejs_heap_space_size_total_bytes{${where}})`, legend: '{{space}}' },
        ]),
      ],
    ],
  ],
});
