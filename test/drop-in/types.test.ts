import type * as judge from 'prom-client';
import { describe, expectTypeOf, test } from 'vitest';
import * as ours from '../../src/index';

// Checked by the compiler (tsc -p test); at run time these hold trivially.
describe('the types', () => {
  test('take what those of prom-client take', () => {
    type Judge<T extends string> = judge.Counter<T> | judge.Gauge<T> | judge.Histogram<T> | judge.Summary<T>;

    type Common = 'labels' | 'remove' | 'reset';

    expectTypeOf<Pick<ours.Counter<'a'>, Common>>().toExtend<Pick<judge.Counter<'a'>, Common>>();
    expectTypeOf<Pick<ours.Gauge<'a'>, Exclude<keyof judge.Gauge, 'get'>>>().toExtend<
      Omit<judge.Gauge<'a'>, 'get'>
    >();
    expectTypeOf<Pick<ours.Summary<'a'>, Exclude<keyof judge.Summary, 'get'>>>().toExtend<
      Omit<judge.Summary<'a'>, 'get'>
    >();
    expectTypeOf<ours.LabelValues<'a'>>().toEqualTypeOf<Partial<Record<'a', string | number>>>();
    expectTypeOf<judge.CounterConfiguration<'a'>['labelNames']>().toExtend<
      ours.CounterConfiguration<'a'>['labelNames']
    >();
    expectTypeOf<judge.Aggregator>().toEqualTypeOf<ours.Aggregator>();
    expectTypeOf<ours.PrometheusContentType>().toEqualTypeOf<judge.PrometheusContentType>();
    expectTypeOf<ours.OpenMetricsContentType>().toEqualTypeOf<judge.OpenMetricsContentType>();
    expectTypeOf<Judge<'a'>['reset']>().toEqualTypeOf<ours.Metric<'a'>['reset']>();
  });

  test('infer label names, and know them afterwards', () => {
    const counter = new ours.Counter({ name: 'typed', help: 'h', labelNames: ['a', 'b'], registers: [] });
    expectTypeOf(counter).toEqualTypeOf<ours.Counter<'a' | 'b'>>();
    expectTypeOf(counter.labels('x', 'y')).toEqualTypeOf<ours.CounterChild>();
    expectTypeOf<Parameters<ours.Counter<'a'>['labels']>>().toEqualTypeOf<[labels: ours.LabelValues<'a'>]>();
    // @ts-expect-error: no such label.
    void (() => counter.inc({ c: 1 }));
    // @ts-expect-error: a counter cannot be set.
    void (() => counter.labels('x', 'y').set(1));
  });

  test('let a metric without label names take any, as in 15.1.3', () => {
    const gauge = new ours.Gauge({ name: 'typed', help: 'h', registers: [] });
    expectTypeOf(gauge).toEqualTypeOf<ours.Gauge<string>>();
    expectTypeOf(gauge.startTimer({ any: 'x' })).toEqualTypeOf<
      (labels?: ours.LabelValues<string>) => number
    >();
  });

  test('give collect its metric as this', () => {
    new ours.Histogram({
      name: 'typed',
      help: 'h',
      labelNames: ['a'],
      registers: [],
      collect() {
        expectTypeOf(this).toEqualTypeOf<ours.Histogram<'a'>>();
      },
    });
  });

  test('know that a metric found by name is one of four', () => {
    const found = new ours.Registry().getSingleMetric<'a'>('typed');
    expectTypeOf(found).toEqualTypeOf<
      ours.Counter<'a'> | ours.Gauge<'a'> | ours.Histogram<'a'> | ours.Summary<'a'> | undefined
    >();
    if (found instanceof ours.Counter) expectTypeOf(found.inc).toBeCallableWith({ a: 'x' }, 1);
  });

  test('return Promises and plain values where prom-client does', () => {
    type Shape<R> = {
      [K in keyof R]: R[K] extends (...args: never[]) => infer T
        ? T extends Promise<unknown>
          ? 'later'
          : 'now'
        : 'field';
    };

    expectTypeOf<Pick<Shape<ours.GroupRegistry>, keyof judge.Registry>>().toEqualTypeOf<
      Pick<Shape<judge.Registry>, keyof judge.Registry>
    >();
    for (const name of ['Counter', 'Gauge', 'Histogram', 'Summary'] as const) {
      type Mine = InstanceType<(typeof ours)[typeof name]>;
      expectTypeOf<Mine['get']>().returns.toExtend<Promise<unknown>>();
    }
  });

  test('take registries of either content type', () => {
    const registers = [new ours.Registry(), new ours.Registry(ours.openMetricsContentType)];
    expectTypeOf(registers).toExtend<NonNullable<ours.MetricConfiguration<'a', never>['registers']>>();
    expectTypeOf(ours.Registry.merge([new ours.Registry()])).toEqualTypeOf<ours.GroupRegistry>();
  });

  test('know the codes of errors, and that removeFromGroup() wants labels', () => {
    expectTypeOf<ours.CodedError['code']>().toEqualTypeOf<ours.ErrorCode>();
    expectTypeOf<string>().not.toExtend<ours.ErrorCode>();
    expectTypeOf<Parameters<ours.GroupRegistry['removeFromGroup']>['length']>().toEqualTypeOf<2>();
    expectTypeOf<Parameters<ours.GroupRegistry['resetGroup']>['length']>().toEqualTypeOf<0 | 1>();
  });
});
