import { beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import { Counter, configure, Gauge, Histogram, Registry, register, Summary } from '../../src/index';

configure({ shared: false });

beforeEach(() => {
  register.clear();
});

describe.each([Counter, Gauge, Histogram, Summary])('%o.getOrCreate()', (MetricClass) => {
  const config = { name: 'm', help: 'h', labelNames: ['a', 'b'] };

  test('makes a metric once for each registry', () => {
    const registers = [new Registry()];
    const one = MetricClass.getOrCreate(config);
    const other = MetricClass.getOrCreate({ ...config, registers });

    expect(one).toBeInstanceOf(MetricClass);
    expect(MetricClass.getOrCreate({ ...config, help: 'Others describe it so.' })).toBe(one);
    expect(register.getSingleMetric('m')).toBe(one);
    expect(MetricClass.getOrCreate({ ...config, registers: null as never })).toBe(one);
    expect(other).not.toBe(one);
    expect(MetricClass.getOrCreate({ ...config, registers })).toBe(other);
    expect(MetricClass.getOrCreate({ ...config, registers: [] })).not.toBe(one);
  });

  test('refuses a metric with other labels', () => {
    MetricClass.getOrCreate(config);

    for (const labelNames of [undefined, ['a'], ['b', 'a'], ['a', 'b', 'c']]) {
      expect(() => MetricClass.getOrCreate({ ...config, labelNames })).toThrow(
        expect.objectContaining({ code: 'ERR_METRIC_DIFFERS' }),
      );
    }
  });

  test('says what is wrong with a configuration as the constructor does', () => {
    const wrong = [
      undefined,
      null,
      {},
      { name: 'm' },
      { name: '1', help: 'h' },
    ] as unknown as (typeof config)[];
    for (const each of wrong) {
      const messageOf = (action: () => unknown): string => {
        try {
          action();
        } catch (error) {
          return (error as Error).message;
        }
        return 'nothing';
      };
      expect(messageOf(() => MetricClass.getOrCreate(each))).toBe(messageOf(() => new MetricClass(each)));
    }
  });
});

test('a metric of another class is refused, with what there is', () => {
  new Gauge({ name: 'm', help: 'h' });

  expect(() => Counter.getOrCreate({ name: 'm', help: 'h' })).toThrow(
    'Expected the metric "m" of the registry to be a Counter with the labels [], but got a Gauge: ' +
      'use the same definition everywhere, or another name',
  );
});

// Checked by the compiler; at run time this holds trivially.
test('the label names are part of the type', () => {
  const labelled = { name: 'm', help: 'h', labelNames: ['a', 'b'] } as const;
  expectTypeOf(() => Counter.getOrCreate(labelled)).returns.toEqualTypeOf<Counter<'a' | 'b'>>();
  expectTypeOf(() => Gauge.getOrCreate(labelled)).returns.toEqualTypeOf<Gauge<'a' | 'b'>>();
  expectTypeOf(() => Histogram.getOrCreate(labelled)).returns.toEqualTypeOf<Histogram<'a' | 'b'>>();
  expectTypeOf(() => Summary.getOrCreate(labelled)).returns.toEqualTypeOf<Summary<'a' | 'b'>>();
  expectTypeOf(() => Counter.getOrCreate({ name: 'm', help: 'h' })).returns.toEqualTypeOf<Counter>();
});
