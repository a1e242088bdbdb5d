// The library about itself, from the self-metrics.
import { dashboard, graph, number } from './panels.mjs';

const where = 'job=~"$job",instance=~"$instance"';
const own = (name) => `prom_client_mmap_${name}{${where}}`;
const perInstance = (name) => ({ expr: own(name), legend: '{{instance}}' });
const rate = '[$__rate_interval]';

export const library = dashboard({
  uid: 'prom-client-mmap-library',
  title: 'prom-client-mmap',
  description: "Scrapes, storage and trouble of the library itself. Needs selfMetrics: 'all'.",
  variables: {
    job: { query: 'label_values(prom_client_mmap_owners, job)' },
    instance: { query: 'label_values(prom_client_mmap_owners{job=~"$job"}, instance)', all: '.+' },
  },
  rows: [
    [
      'Now',
      [
        number(
          'Series',
          'short',
          `sum(scrape_samples_scraped{${where}})`,
          'Samples of one scrape of each instance.',
        ),
        number('A scrape takes', 's', `max(scrape_duration_seconds{${where}})`),
        number(
          'Room left',
          'percentunit',
          `min(${own('storage_available_bytes')} / ${own('storage_size_bytes')})`,
        ),
        number(
          'Count privately',
          'short',
          `count(${own('native')} == 0) or vector(0)`,
          'Instances without the addon or without their directory.',
        ),
      ],
    ],
    [
      'Scrapes',
      [
        graph(
          'Phases',
          's',
          [{ expr: `max by (phase) (${own('scrape_duration_seconds')})`, legend: '{{phase}}' }],
          'collect is the time in which other processes run their collect functions.',
        ),
        graph('Samples', 'short', [{ expr: `scrape_samples_scraped{${where}}`, legend: '{{instance}}' }]),
      ],
    ],
    [
      'Storage',
      [
        graph('Bytes that a scrape reads', 'bytes', [perInstance('bytes')]),
        graph('File system', 'bytes', [
          { expr: own('storage_size_bytes'), legend: '{{instance}} size' },
          { expr: own('storage_available_bytes'), legend: '{{instance}} available' },
        ]),
      ],
    ],
    [
      'Trouble',
      [
        graph('Late owners', 'short', [perInstance('late_owners')]),
        graph('Files that are not read', 'short', [
          { expr: `sum by (reason) (${own('skipped_files')}) or vector(0)`, legend: '{{reason}}' },
        ]),
        graph('Owners without room', 'short', [perInstance('owners_without_room')]),
        graph('Lost updates', 'ops', [
          { expr: `rate(prom_client_mmap_dropped_updates_total{${where}}${rate})`, legend: '{{instance}}' },
        ]),
        graph('Failures', 'short', [
          {
            expr: `increase(prom_client_mmap_collect_failures_total{${where}}${rate})`,
            legend: '{{instance}} collect functions',
          },
          {
            expr: `increase(prom_client_mmap_compaction_failures_total{${where}}${rate})`,
            legend: '{{instance}} compactions',
          },
        ]),
        graph('Left out', 'short', [
          { expr: own('conflicting_families'), legend: '{{instance}} families' },
          { expr: own('skipped_records'), legend: '{{instance}} records' },
        ]),
      ],
    ],
  ],
});
