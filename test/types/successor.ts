// As prom-client.ts, for what @prometheus-io/client 0.16.1 has changed or added.
import client, {
  AggregatorRegistry,
  ClusterRegistry,
  Counter,
  collectDefaultMetrics,
  Gauge,
  type Metric,
  type MetricObjectWithValues,
  type MetricType,
  type MetricValue,
  type OpenMetricsContentType,
  type PrometheusContentType,
  Pushgateway,
  Registry,
  type RegistryContentType,
  register,
  WorkerRegistry,
} from '@prometheus-io/client';

export async function registries(): Promise<string> {
  const openMetrics = new Registry(Registry.OPENMETRICS_CONTENT_TYPE);
  const type: RegistryContentType = openMetrics.contentType;
  openMetrics.setContentType(Registry.PROMETHEUS_CONTENT_TYPE);
  register.setContentType(type);
  const counter = new Counter({ name: 'a', help: 'h', registers: [register] });
  const json: MetricObjectWithValues<MetricValue<string>>[] = await register.getMetricsAsJSON('sum');
  const [first] = register.getMetricsAsArray('sum');
  const metricType: MetricType | undefined = first?.type;
  const isCounter: boolean = metricType === 'counter';
  const aggregated: Registry<PrometheusContentType> = Registry.aggregate([json]);
  void isCounter;
  return `${await register.getMetricsAsString(counter as Metric)}${await aggregated.metrics()}`;
}

export async function aggregated(): Promise<string> {
  const inCluster = new ClusterRegistry<OpenMetricsContentType>();
  ClusterRegistry.setRegistries([register]);
  const inThreads = new WorkerRegistry<PrometheusContentType>();
  WorkerRegistry.setRegistries(register);
  const old = new AggregatorRegistry<PrometheusContentType>();
  await Promise.all([inThreads.shutdown(), old.shutdown()]);
  return `${await inCluster.clusterMetrics()}${await inThreads.workerMetrics()}${await old.clusterMetrics()}`;
}

export function labelled(): Gauge<'x'> {
  new Gauge({ name: 'a', help: 'h' }).set(1);
  const gauge = new client.Gauge({ name: 'b', help: 'h', labelNames: ['x'] });
  gauge.set({ x: 1 }, 2);
  return gauge;
}

export function others(): Pushgateway<RegistryContentType>[] {
  collectDefaultMetrics({
    eventLoopUtilizationTimeout: 1,
    eventLoopUtilizationBuckets: [1],
    eventLoopUtilizationPercentiles: [0.5],
    eventLoopUtilizationAgeBuckets: 1,
    eventLoopUtilizationMaxAgeSeconds: 1,
  });
  const options: Pushgateway.Options = { requireJobName: false, anything: 1 };
  return [
    new Pushgateway('http://x', register),
    new Pushgateway('http://x', options),
    new Pushgateway('', null),
  ];
}
