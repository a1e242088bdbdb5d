const yielding = new WeakSet();

/**
 * From here on these metrics give up their names to others: a metric that is registered under the name of one takes its place, instead
 * of being refused. For metrics that the application has not asked for.
 */
export function yieldNames(metrics: Iterable<object>): void {
  for (const metric of metrics) yielding.add(metric);
}

export function yieldsName(metric: object): boolean {
  return yielding.has(metric);
}
