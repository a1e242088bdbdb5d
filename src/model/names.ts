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

/**
 * The unit of a metric; undefined unless its name, without `_total`, ends with it, as OpenMetrics demands. It is no error then:
 * applications may have such a property in configurations for prom-client, which ignores it.
 */
export function unitOf(name: string, unit: unknown): string | undefined {
  const isUnit = typeof unit === 'string' && METRIC_NAME.test(unit);
  return isUnit && name.replace(/_total$/, '').endsWith(`_${unit}`) ? unit : undefined;
}
