import type * as successor from '@prometheus-io/client';
import type * as judge from 'prom-client';
import { describe, expectTypeOf, test } from 'vitest';
import type * as ours from '../../src/declarations';

// Checked by the compiler (tsc -p test); at run time these hold trivially. passing.ts has registries and metrics.
describe('what is passed around can be', () => {
  test('children of ours for theirs', () => {
    expectTypeOf<ours.Counter.Internal>().toExtend<judge.Counter.Internal>();
    expectTypeOf<ours.Gauge.Internal<'a'>>().toExtend<judge.Gauge.Internal<'a'>>();
    expectTypeOf<ours.Histogram.Internal<'a'>>().toExtend<judge.Histogram.Internal<'a'>>();
    expectTypeOf<ours.Summary.Internal<'a'>>().toExtend<judge.Summary.Internal<'a'>>();
  });

  test('their configurations for ours, but for registries', () => {
    type Theirs<C> = Omit<C, 'registers' | 'collect'>;

    expectTypeOf<Theirs<judge.CounterConfiguration<'a'>>>().toExtend<ours.CounterConfiguration<'a'>>();
    expectTypeOf<Theirs<judge.GaugeConfiguration<'a'>>>().toExtend<ours.GaugeConfiguration<'a'>>();
    expectTypeOf<Theirs<judge.HistogramConfiguration<'a'>>>().toExtend<ours.HistogramConfiguration<'a'>>();
    expectTypeOf<Theirs<judge.SummaryConfiguration<'a'>>>().toExtend<ours.SummaryConfiguration<'a'>>();
    expectTypeOf<Theirs<successor.CounterConfiguration<'a'>>>().toExtend<ours.CounterConfiguration<'a'>>();
    expectTypeOf<Theirs<successor.GaugeConfiguration<'a'>>>().toExtend<ours.GaugeConfiguration<'a'>>();
  });

  test('values, labels and content types, in both directions', () => {
    expectTypeOf<ours.LabelValues<'a'>>().toEqualTypeOf<judge.LabelValues<'a'>>();
    expectTypeOf<ours.LabelValues<'a'>>().toEqualTypeOf<successor.LabelValues<'a'>>();
    expectTypeOf<ours.MetricValue<'a'>>().toEqualTypeOf<judge.MetricValue<'a'>>();
    expectTypeOf<ours.MetricValueWithName<'a'>>().toExtend<judge.MetricValueWithName<'a'>>();
    expectTypeOf<judge.MetricValueWithName<'a'>>().toExtend<ours.MetricValueWithName<'a'>>();
    expectTypeOf<ours.MetricType>().toEqualTypeOf<successor.MetricType>();
    expectTypeOf<ours.Aggregator>().toEqualTypeOf<successor.Aggregator>();
    expectTypeOf<ours.RegistryContentType>().toEqualTypeOf<judge.RegistryContentType>();
    expectTypeOf<ours.RegistryContentType>().toEqualTypeOf<successor.RegistryContentType>();
  });

  test('a Pushgateway of ours for theirs, with their parameters and their results', () => {
    type Type = judge.RegistryContentType;

    expectTypeOf<ours.Pushgateway<Type>>().toExtend<judge.Pushgateway<Type>>();
    expectTypeOf<ours.Pushgateway<Type>>().toExtend<successor.Pushgateway<Type>>();
    expectTypeOf<judge.Pushgateway.Parameters>().toExtend<ours.Pushgateway.Parameters>();
    expectTypeOf<successor.Pushgateway.Options>().toExtend<ours.Pushgateway.Options>();
    expectTypeOf<ours.Pushgateway<Type>['push']>().returns.toEqualTypeOf<
      ReturnType<judge.Pushgateway<Type>['push']>
    >();
  });
});
