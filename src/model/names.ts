const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Whether Prometheus accepts `name` as the name of a metric. */
export function validateMetricName(name: string): boolean {
  return METRIC_NAME.test(name);
}

/** Whether Prometheus accepts all of `names` as names of labels. */
export function validateLabelNames(names: readonly string[]): boolean {
  return names.every((name) => LABEL_NAME.test(name));
}
