// The processes behind an instance: together from the merged target, apart from a target for each of them.
import { dashboard, graph, number } from './panels.mjs';

const merged = 'job=~"$job",instance=~"$instance"';
const each = 'job=~"$workers",instance=~"$instance"';
const rate = '[$__rate_interval]';
const byProcess = '{{instance}} {{pid}}';

export const workers = dashboard({
  uid: 'prom-client-mmap-workers',
  title: 'Workers',
  description:
    "Lives, deaths and differences of an application's processes. Needs selfMetrics: 'all', and for the processes apart a job of " +
    'their targets, as in deploy/prometheus/workers.yml.',
  variables: {
    job: { query: 'label_values(prom_client_mmap_owners, job)' },
    workers: { query: 'label_values(up{pid!=""}, job)' },
    instance: { query: 'label_values(prom_client_mmap_owners{job=~"$job"}, instance)', all: '.+' },
  },
  rows: [
    [
      'Together',
      [
        number('Living processes', 'short', `sum(prom_client_mmap_processes{${merged}})`),
        number(
          'Deaths',
          'short',
          `sum(increase(prom_client_mmap_compacted_owners_total{${merged}}[$__range]))`,
        ),
        number('Restarts', 'short', `sum(changes(process_start_time_seconds{${merged}}[$__range]))`),
        number('Since the last start', 's', `time() - max(process_start_time_seconds{${merged}})`),
        graph('Processes and threads that count', 'short', [
          {
            expr: `sum by (instance, state) (prom_client_mmap_owners{${merged}})`,
            legend: '{{instance}} {{state}}',
          },
        ]),
        graph('Deaths', 'short', [
          {
            expr: `sum by (instance) (increase(prom_client_mmap_compacted_owners_total{${merged}}${rate}))`,
            legend: '{{instance}}',
          },
        ]),
      ],
    ],
    [
      'Apart',
      [
        graph('Requests', 'reqps', [
          { expr: `sum by (instance, pid) (rate(http_requests_total{${each}}${rate}))`, legend: byProcess },
        ]),
        graph(
          'Spread of requests',
          'percentunit',
          [
            {
              expr:
                `stddev by (instance) (sum by (instance, pid) (rate(http_requests_total{${each}}${rate}))) / ` +
                `avg by (instance) (sum by (instance, pid) (rate(http_requests_total{${each}}${rate})))`,
              legend: '{{instance}}',
            },
          ],
          'The standard deviation in proportion to the mean: 0 where all processes get the same.',
        ),
        graph('Lag of the event loop, p99', 's', [
          { expr: `nodejs_eventloop_lag_p99_seconds{${each}}`, legend: byProcess },
        ]),
        graph('CPU', 'percentunit', [
          { expr: `rate(process_cpu_seconds_total{${each}}${rate})`, legend: byProcess },
        ]),
        graph('Resident memory', 'bytes', [
          { expr: `process_resident_memory_bytes{${each}}`, legend: byProcess },
        ]),
        graph('Heap in use', 'bytes', [{ expr: `nodejs_heap_size_used_bytes{${each}}`, legend: byProcess }]),
        graph('Requests in progress', 'short', [
          { expr: `sum by (instance, pid) (http_requests_in_progress{${each}})`, legend: byProcess },
        ]),
        graph('Age', 's', [{ expr: `time() - process_start_time_seconds{${each}}`, legend: byProcess }]),
      ],
    ],
  ],
});
