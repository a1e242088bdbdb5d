// A program that adds members to the types of prom-client 15.1.3 and replaces methods of its classes. compile.test.ts compiles it with
// prom-client's types and with ours. It is in no other compilation, whose types it would change, and never run.
import {
  AggregatorRegistry,
  Counter,
  type CounterConfiguration,
  Gauge,
  Histogram,
  type LabelValues,
  type Metric,
  type MetricObject,
  Pushgateway,
  Registry,
  type RegistryContentType,
  register,
  Summary,
} from 'prom-client';

declare module 'prom-client' {
  interface Counter<T extends string = string> {
    hashMap: Record<string, { value: number }>;
    incTwice(labels: LabelValues<T>): void;
  }

  interface Gauge<T extends string> {
    labelNames: T[];
  }

  interface Summary<T extends string> {
    owner?: string;
  }

  namespace Histogram {
    interface Internal<T extends string> {
      observeAll(values: number[], labels?: LabelValues<T>): void;
    }
  }

  interface CounterConfiguration<T extends string> {
    owner?: string;
  }

  interface MetricObject {
    owner?: string;
  }

  interface Registry<BoundRegistryContentType extends RegistryContentType> {
    readonly owner: string;
  }

  interface AggregatorRegistry<T extends RegistryContentType> {
    readonly workers: number;
  }

  interface Pushgateway<T extends RegistryContentType> {
    readonly owner: string;
  }
}

Counter.prototype.incTwice = function (labels) {
  this.inc(labels, 2);
};

const { observe } = Histogram.prototype;
Histogram.prototype.observe = function (...args: unknown[]) {
  observe.apply(this, args as never);
};

export function addedMembers(): unknown {
  const configuration: CounterConfiguration<'a'> = { name: 'a', help: 'h', labelNames: ['a'], owner: 'team' };
  const counter = new Counter(configuration);
  counter.incTwice({ a: 'x' });
  const histogram = new Histogram({ name: 'a', help: 'h', labelNames: ['a'] });
  histogram.labels('x').observeAll([1, 2]);
  const summary: Summary<'a'> = new Summary({ name: 'a', help: 'h', labelNames: ['a'] });
  return [
    counter.hashMap['']?.value,
    new Gauge({ name: 'a', help: 'h', labelNames: ['a'] }).labelNames,
    summary.owner,
    new Registry().owner,
    register.owner,
    new AggregatorRegistry().workers,
    new Pushgateway('http://localhost').owner,
    register.getMetricsAsArray().map(({ owner }: MetricObject) => owner),
  ];
}

export function seriesOf(metric: Metric): unknown {
  return metric instanceof Counter ? metric.hashMap : undefined;
}
