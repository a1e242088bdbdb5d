// A program in the types of prom-client 15.1.3. `tsc -p test` compiles it with those, compile.test.ts with ours: it is
// never run, and nothing in it may know which of them it has.
import client, {
  type Aggregator,
  AggregatorRegistry,
  type CollectFunction,
  type Collector,
  Counter,
  type CounterConfiguration,
  collectDefaultMetrics,
  contentType,
  type DefaultMetricsCollectorConfiguration,
  exponentialBuckets,
  Gauge,
  type GaugeConfiguration,
  Histogram,
  type HistogramConfiguration,
  type IncreaseDataWithExemplar,
  type LabelValues,
  linearBuckets,
  type Metric,
  type MetricConfiguration,
  type MetricObject,
  type MetricObjectWithValues,
  type MetricValue,
  type MetricValueWithName,
  type ObserveDataWithExemplar,
  type OpenMetricsContentType,
  openMetricsContentType,
  type PrometheusContentType,
  Pushgateway,
  prometheusContentType,
  Registry,
  type RegistryContentType,
  register,
  Summary,
  type SummaryConfiguration,
  validateMetricName,
} from 'prom-client';

export async function metricsWithoutLabelNames(): Promise<void> {
  const counter = new Counter({ name: 'a', help: 'h' });
  counter.inc();
  counter.inc(2);
  counter.inc({ any: 'x', other: 1 }, 2);
  counter.labels('x', 'y').inc(2);
  counter.remove({ any: 'x' });
  const gauge: Gauge = new Gauge({ name: 'b', help: 'h', labelNames: [] });
  gauge.set({ any: 'x' }, 1);
  const values: MetricValue<string>[] = (await gauge.get()).values;
  const first: number | undefined = values[0]?.value;
  const label: string | number | undefined = values[0]?.labels['any'];
  void [first, label];
}

export async function metricsWithLabelNames(): Promise<void> {
  const names = ['method', 'code'] as const;
  const counter: Counter<'method' | 'code'> = new client.Counter({ name: 'a', help: 'h', labelNames: names });
  counter.inc({ method: 'GET' });
  counter.inc({ method: 'GET', code: 200 }, 2);
  counter.labels({ method: 'GET' }).inc();
  const child: client.Counter.Internal = counter.labels('GET', '200');
  child.inc(1);
  counter.remove('GET', '200');
  counter.remove({ code: 200 });
  counter.reset();

  const gauge = new Gauge({ name: 'b', help: 'h', labelNames: ['x', 'y'], aggregator: 'max' });
  gauge.inc({ x: 1 }, 2);
  gauge.dec({ x: 1 });
  gauge.dec(2);
  gauge.set({ x: 1, y: 'z' }, 3);
  gauge.setToCurrentTime();
  gauge.setToCurrentTime({ x: 1 });
  const seconds: number = gauge.startTimer({ x: 1 })({ y: 2 });
  const gaugeChild: Gauge.Internal<'x' | 'y'> = gauge.labels({ x: seconds });
  gaugeChild.inc();
  gaugeChild.dec(1);
  gaugeChild.set(1);
  gaugeChild.setToCurrentTime();
  gaugeChild.startTimer()({ x: 1 });

  const histogram = new Histogram({
    name: 'c',
    help: 'h',
    labelNames: ['x'],
    buckets: linearBuckets(0, 1, 3),
  });
  histogram.observe(1);
  histogram.observe({ x: 'a' }, 1);
  histogram.zero({ x: 'a' });
  histogram.startTimer()();
  histogram.startTimer({ x: 'a' }, { x: 'trace' })({ x: 'b' }, { x: 'span' });
  const histogramChild: Histogram.Internal<'x'> = histogram.labels('a');
  histogramChild.observe(1);
  histogramChild.startTimer()({ x: 'a' });
  const rows: MetricValueWithName<'x'>[] = (await histogram.get()).values;
  const name: string | undefined = rows[0]?.metricName;
  const config: Histogram.Config = { buckets: exponentialBuckets(1, 2, 3) };

  const summary = new Summary({
    name: 'd',
    help: 'h',
    labelNames: ['x'],
    percentiles: [0.5],
    maxAgeSeconds: 60,
    ageBuckets: 5,
    pruneAgedBuckets: true,
    compressCount: 10,
  });
  summary.observe(1);
  summary.observe({ x: 'a' }, 1);
  const summaryChild: Summary.Internal<'x'> = summary.labels({ x: 'a' });
  const again: number = summaryChild.startTimer()();
  const summaryConfig: Summary.Config = { percentiles: [again] };
  void [name, config, summaryConfig];
}

export function exemplars(): void {
  const registers = [new Registry(), register];
  const histogram = new Histogram({
    name: 'a',
    help: 'h',
    labelNames: ['x'],
    enableExemplars: true,
    registers,
  });
  const observation: ObserveDataWithExemplar<'x'> = {
    value: 1,
    labels: { x: 'a' },
    exemplarLabels: { x: 'b' },
  };
  histogram.observe(observation);
  const counter = new Counter({ name: 'b', help: 'h', labelNames: ['x'], enableExemplars: true });
  const increase: IncreaseDataWithExemplar<'x'> = {
    value: 1,
    labels: { x: 'a' },
    exemplarLabels: { x: 'b' },
  };
  counter.inc(increase);
  counter.inc({ value: 2 });
}

export function configurations<T extends string>(labelNames: T[]): Metric<T>[] {
  const common: MetricConfiguration<T> = { name: 'a', help: 'h', labelNames, aggregator: 'sum' };
  const collect: CollectFunction<Gauge<T>> = function () {
    this.set(1);
  };
  const counter: CounterConfiguration<T> = { ...common, collect: async () => undefined };
  const gauge: GaugeConfiguration<T> = { ...common, collect };
  const histogram: HistogramConfiguration<T> = { ...common, buckets: [1, 2] };
  const summary: SummaryConfiguration<T> = { ...common, percentiles: [0.5] };
  new Gauge({
    name: 'b',
    help: 'h',
    labelNames: ['x'],
    collect() {
      this.set({ x: 1 }, 2);
    },
  });
  return [new Counter<T>(counter), new Gauge<T>(gauge), new Histogram<T>(histogram), new Summary(summary)];
}

export async function registries(): Promise<string> {
  const registry = new Registry();
  const openMetrics: Registry<OpenMetricsContentType> = new Registry<OpenMetricsContentType>();
  openMetrics.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  registry.setContentType(Registry.PROMETHEUS_CONTENT_TYPE);
  registry.setDefaultLabels({ app: 'x' });
  const counter = new Counter({ name: 'a', help: 'h', registers: [registry, openMetrics] });
  registry.registerMetric(counter);
  const found: Metric<'x'> | undefined = registry.getSingleMetric<'x'>('a');
  if (found instanceof Counter) found.inc({ x: 1 });
  (registry.getSingleMetric('a') as Gauge<'x'>).set({ x: 1 }, 2);
  const objects: MetricObject[] = registry.getMetricsAsArray();
  const json: MetricObjectWithValues<MetricValue<string>>[] = await registry.getMetricsAsJSON();
  const aggregator: Aggregator | undefined = json[0]?.aggregator;
  const collect: Collector = () => objects[0]?.collect.call(counter);
  registry.removeSingleMetric('a');
  registry.resetMetrics();
  registry.clear();
  const prometheusType: PrometheusContentType = prometheusContentType;
  const openMetricsType: OpenMetricsContentType = openMetricsContentType;
  const types: RegistryContentType[] = [
    contentType,
    client.contentType,
    registry.contentType,
    prometheusType,
    openMetricsType,
  ];
  const merged: Registry = Registry.merge([registry, register]);
  const valid: boolean = validateMetricName('a');
  void [aggregator, collect, types, valid];
  return `${await merged.metrics()}${await registry.getSingleMetricAsString('a')}`;
}

export async function cluster(): Promise<string> {
  const aggregated = new AggregatorRegistry<PrometheusContentType>();
  AggregatorRegistry.setRegistries(register);
  AggregatorRegistry.setRegistries([register, new Registry<OpenMetricsContentType>()]);
  const registry: Registry<PrometheusContentType> = AggregatorRegistry.aggregate([{}]);
  const plain: Registry = aggregated;
  return `${await aggregated.clusterMetrics()}${await registry.metrics()}${plain.contentType}`;
}

export function defaultMetrics(): string[] {
  const config: DefaultMetricsCollectorConfiguration<OpenMetricsContentType> = {
    register: new Registry<OpenMetricsContentType>(),
    prefix: 'x_',
    gcDurationBuckets: [1],
    eventLoopMonitoringPrecision: 10,
    labels: { a: 1 },
  };
  collectDefaultMetrics();
  collectDefaultMetrics(config);
  collectDefaultMetrics({ register });
  return collectDefaultMetrics.metricsList;
}

export async function pushing(): Promise<unknown> {
  const gateway = new Pushgateway('http://x', { timeout: 1, anything: true }, register);
  const other: Pushgateway<OpenMetricsContentType> = new Pushgateway(
    '',
    null,
    new Registry<OpenMetricsContentType>(),
  );
  const plain: Pushgateway<RegistryContentType> = new Pushgateway('http://x');
  const params: Pushgateway.Parameters = { jobName: 'a', groupings: { b: 'c' } };
  const { resp, body } = await gateway.push(params);
  const answer: { resp?: unknown; body?: unknown } = await other.pushAdd({ jobName: 'a' });
  const mock: typeof plain.delete = async () => ({});
  return [resp, body, answer, await mock(params), await plain.delete(params)];
}

export function labels(): LabelValues<'a' | 'b'> {
  const values: LabelValues<'a' | 'b'> = { a: 'x' };
  values.b = 1;
  return values;
}
