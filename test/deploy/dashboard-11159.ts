/**
 * The panels of Grafana's public dashboard 11159, "NodeJS Application Dashboard", in its revision 1: titles and queries as
 * grafana/dashboards/nodejs-application-dashboard_rev1.json of github.com/superfluid-finance/superfluid-sentinel has them.
 */
export const dashboard11159 = {
  /** Its label `instance` has the values of the variable: `label_values(nodejs_version_info, instance)`. */
  variable: 'nodejs_version_info',
  panels: {
    'Process CPU Usage': [
      'irate(process_cpu_user_seconds_total{instance=~"$instance"}[2m]) * 100',
      'irate(process_cpu_system_seconds_total{instance=~"$instance"}[2m]) * 100',
    ],
    'Event Loop Lag': ['nodejs_eventloop_lag_seconds{instance=~"$instance"}'],
    'Node.js Version': ['sum(nodejs_version_info{instance=~"$instance"}) by (version)'],
    'Process Restart Times': ['sum(changes(process_start_time_seconds{instance=~"$instance"}[1m]))'],
    'Process Memory Usage': [
      'process_resident_memory_bytes{instance=~"$instance"}',
      'nodejs_heap_size_total_bytes{instance=~"$instance"}',
      'nodejs_heap_size_used_bytes{instance=~"$instance"}',
      'nodejs_external_memory_bytes{instance=~"$instance"}',
    ],
    'Active Handlers/Requests Total': [
      'nodejs_active_handles_total{instance=~"$instance"}',
      'nodejs_active_requests_total{instance=~"$instance"}',
    ],
    'Heap Total Detail': ['nodejs_heap_space_size_total_bytes{instance=~"$instance"}'],
    'Heap Used Detail': ['nodejs_heap_space_size_used_bytes{instance=~"$instance"}'],
    'Heap Available Detail': ['nodejs_heap_space_size_available_bytes{instance=~"$instance"}'],
  },
} as const;
