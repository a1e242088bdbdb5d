// Registries and metrics of this library, of prom-client 15.1.3 and of @prometheus-io/client 0.16.1 are passed for each other, without
// a cast. It is never run.
import * as successor from '@prometheus-io/client';
import * as judge from 'prom-client';
import * as ours from 'prom-client-mmap';

/** Some packages take the module itself as an option. */
export function ourModule(): typeof judge {
  return ours;
}

export function ourRegistries(): unknown {
  const toJudge: judge.Registry[] = [
    ours.register,
    new ours.Registry(),
    ours.Registry.merge([ours.register]),
  ];
  const toSuccessor: successor.Registry[] = [ours.register, new ours.Registry(), new ours.ClusterRegistry()];
  const openMetrics = new ours.Registry<ours.OpenMetricsContentType>();
  const other: judge.Registry<judge.OpenMetricsContentType> = openMetrics;
  const another: successor.Registry<successor.OpenMetricsContentType> = openMetrics;
  return [toJudge, toSuccessor, other, another];
}

export function ourRegistriesByName(
  plain: ours.Registry,
  prometheus: ours.Registry<ours.PrometheusContentType>,
  openMetrics: ours.Registry<ours.OpenMetricsContentType>,
): unknown {
  const toJudge: judge.Registry[] = [plain, prometheus];
  const other: judge.Registry<judge.OpenMetricsContentType> = openMetrics;
  return [toJudge, other];
}

export function theirRegistries(): ours.Registry[] {
  const openMetrics: ours.Registry<ours.OpenMetricsContentType> =
    new judge.Registry<judge.OpenMetricsContentType>();
  const registers = [
    judge.register,
    new judge.Registry(),
    successor.register,
    new successor.Registry(),
    openMetrics,
  ];
  new ours.Counter({ name: 'a', help: 'h', registers: [judge.register, new judge.Registry()] });
  new ours.Pushgateway('http://x', null, judge.register);
  ours.collectDefaultMetrics({ register: judge.register });
  ours.mirror(judge.register);
  return registers;
}

export function ourMetrics(
  counter: ours.Counter<'a'>,
  gauge: ours.Gauge<'a'>,
  histogram: ours.Histogram<'a'>,
  summary: ours.Summary<'a'>,
): unknown {
  const toJudge: [judge.Counter<'a'>, judge.Gauge<'a'>, judge.Histogram<'a'>, judge.Summary<'a'>] = [
    counter,
    gauge,
    histogram,
    summary,
  ];
  const toSuccessor: [
    successor.Counter<'a'>,
    successor.Gauge<'a'>,
    successor.Histogram<'a'>,
    successor.Summary<'a'>,
  ] = [counter, gauge, histogram, summary];
  const metrics: judge.Metric<'a'>[] = [counter, gauge, histogram, summary];
  const others: successor.Metric<'a'>[] = [counter, gauge, histogram, summary];
  judge.register.registerMetric(counter);
  successor.register.registerMetric(summary);
  return [toJudge, toSuccessor, metrics, others];
}

export function ourMetricsWithoutLabelNames(
  counter: ours.Counter,
  gauge: ours.Gauge,
  histogram: ours.Histogram,
  summary: ours.Summary,
): unknown {
  const toJudge: [judge.Counter, judge.Gauge, judge.Histogram, judge.Summary] = [
    counter,
    gauge,
    histogram,
    summary,
  ];
  const toSuccessor: [successor.Counter, successor.Gauge, successor.Histogram, successor.Summary] = [
    counter,
    gauge,
    histogram,
    summary,
  ];
  return [toJudge, toSuccessor];
}

export function theirMetrics(
  counter: judge.Counter<'a'>,
  gauge: judge.Gauge<'a'>,
  histogram: judge.Histogram<'a'>,
  summary: judge.Summary<'a'>,
  plain: [judge.Counter, judge.Gauge, judge.Histogram, judge.Summary],
): unknown {
  const toOurs: [ours.Counter<'a'>, ours.Gauge<'a'>, ours.Histogram<'a'>, ours.Summary<'a'>] = [
    counter,
    gauge,
    histogram,
    summary,
  ];
  const metrics: ours.Metric<'a'>[] = [counter, gauge, histogram, summary];
  const plainOnes: [ours.Counter, ours.Gauge, ours.Histogram, ours.Summary] = plain;
  ours.register.registerMetric(counter);
  return [toOurs, metrics, plainOnes];
}

export function metricsOfTheSuccessor(
  counter: successor.Counter<'a'>,
  gauge: successor.Gauge<'a'>,
  histogram: successor.Histogram<'a'>,
  summary: successor.Summary<'a'>,
  plain: [successor.Counter, successor.Gauge, successor.Histogram, successor.Summary],
): unknown {
  const toOurs: [ours.Counter<'a'>, ours.Gauge<'a'>, ours.Histogram<'a'>, ours.Summary<'a'>] = [
    counter,
    gauge,
    histogram,
    summary,
  ];
  const plainOnes: [ours.Counter, ours.Gauge, ours.Histogram, ours.Summary] = plain;
  ours.register.registerMetric(gauge);
  return [toOurs, plainOnes];
}

export function anyLabelNames<T extends string>(
  counter: ours.Counter<T>,
  theirs: judge.Counter<T>,
  histogram: ours.Histogram<T>,
  another: judge.Histogram<T>,
): unknown {
  const toJudge: [judge.Counter<T>, judge.Histogram<T>] = [counter, histogram];
  const toOurs: [ours.Counter<T>, ours.Histogram<T>] = [theirs, another];
  return [toJudge, toOurs];
}

export function configurations(
  theirs: judge.CounterConfiguration<'a'>,
  successors: successor.GaugeConfiguration<'a'>,
): unknown {
  const histogram: judge.HistogramConfiguration<'a'> = { name: 'a', help: 'h', labelNames: ['a'] };
  return [new ours.Counter<'a'>(theirs), new ours.Gauge<'a'>(successors), new ours.Histogram<'a'>(histogram)];
}

export async function numbers(how: string): Promise<ours.MetricObjectWithValues<ours.MetricValue<string>>[]> {
  const lists = [await ours.register.getMetricsAsJSON(how), await ours.register.getMetricsAsJSON()];
  const toJudge: judge.MetricObjectWithValues<judge.MetricValue<string>>[] = lists.flat();
  const toSuccessor: successor.MetricObjectWithValues<successor.MetricValue<string>>[] = lists.flat();
  const theirs = await judge.register.getMetricsAsJSON();
  const toOurs: ours.MetricObjectWithValues<ours.MetricValue<string>>[] = theirs;
  ours.AggregatorRegistry.aggregate([toJudge, toSuccessor, toOurs]);
  return ours.register.getMetricsAsArray(how).length > 0 ? toOurs : lists.flat();
}

// What tests of applications make in place of the real ones has prom-client's members and no more.
export const fakeCounter: ours.Counter<'a'> = {
  inc: () => undefined,
  get: () => Promise.reject(new Error('not asked for')),
  labels: () => ({ inc: () => undefined }),
  reset: () => undefined,
  remove: () => undefined,
};

export const fakeHistogram: ours.Histogram<'a'> = {
  observe: () => undefined,
  zero: () => undefined,
  startTimer: () => () => 0,
  get: () => Promise.reject(new Error('not asked for')),
  labels: () => ({ observe: () => undefined, startTimer: () => () => 0 }),
  reset: () => undefined,
  remove: () => undefined,
};

export class OwnRegistry implements ours.Registry {
  readonly contentType: ours.PrometheusContentType = 'text/plain; version=0.0.4; charset=utf-8';

  metrics(): Promise<string> {
    return Promise.resolve('');
  }

  clear(): void {}

  resetMetrics(): void {}

  registerMetric<T extends string>(metric: ours.Metric<T>): void {
    void metric;
  }

  getMetricsAsJSON(): Promise<ours.MetricObjectWithValues<ours.MetricValue<string>>[]> {
    return Promise.resolve([]);
  }

  getMetricsAsArray(): ours.MetricObject[] {
    return [];
  }

  removeSingleMetric(name: string): void {
    void name;
  }

  getSingleMetric<T extends string>(name: string): ours.Metric<T> | undefined {
    void name;
    return undefined;
  }

  setDefaultLabels(labels: object): void {
    void labels;
  }

  getSingleMetricAsString(name: string): Promise<string> {
    return Promise.resolve(name);
  }

  setContentType(contentType: ours.PrometheusContentType): void {
    void contentType;
  }
}

export class OwnGauge<T extends string> extends ours.Gauge<T> implements ours.Gauge<T> {
  override get(): ReturnType<ours.Gauge<T>['get']> {
    this.reset();
    return super.get();
  }
}

export class MoreRegistry extends ours.Registry {
  both(): Promise<(string | Uint8Array)[]> {
    return Promise.all([this.metrics({ perProcess: true }), this.getMetricsAsBuffer()]);
  }
}

export const noLabels: ours.NoLabelNameType[] = [];
