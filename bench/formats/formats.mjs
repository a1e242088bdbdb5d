/** The formats of a scrape, and the header that asks for each. */
export const formats = [
  { name: 'text', accept: 'text/plain' },
  { name: 'OpenMetrics 1.0', accept: 'application/openmetrics-text;version=1.0.0' },
  { name: 'OpenMetrics 2.0', accept: 'application/openmetrics-text;version=2.0.0' },
  {
    name: 'Protobuf',
    accept: 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited',
  },
];
