import { afterEach, describe, expect, test } from 'vitest';
import { Counter, Gauge, Registry, register } from '../../src/index';

afterEach(() => register.clear());

const help = 'Help.';
const nameValidation = 'utf8';

test('a metric may have any name by an option of its own', async () => {
  const counter = new Counter({ name: 'a.b', help, labelNames: ['c-d'], nameValidation });
  counter.inc({ 'c-d': 'e' });
  counter.labels('e').inc();
  counter.labels({ 'c-d': 'e' }).inc();
  expect(await register.metrics()).toBe('# HELP a_b Help.\n# TYPE a_b counter\na_b{c_d="e"} 3\n');
  expect(await register.getSingleMetricAsString('a.b')).toContain('a_b{c_d="e"} 3');
  expect((await counter.get()).values).toMatchObject([{ labels: { 'c-d': 'e' }, value: 3 }]);
});

test.each(['a.b', 'größe', '9', ''])('without the option %j is no name', (name) => {
  expect(() => new Counter({ name, help })).toThrow(name === '' ? 'Missing' : 'Invalid metric name');
  expect(() => new Counter({ name: 'c', help, labelNames: [name] })).toThrow('Invalid label name');
});

test.each(['', 'a\ud800'])('no option makes a name of %j', (name) => {
  expect(() => new Gauge({ name: 'g', help, labelNames: [name], nameValidation })).toThrow(
    expect.objectContaining({ code: 'ERR_LABEL_NAME' }),
  );
});

describe('names that are one for other scrapers', () => {
  test('are refused in one registry, whichever comes first', () => {
    new Counter({ name: 'a.b', help, nameValidation });
    for (const name of ['a_b', 'a-b']) {
      expect(() => new Counter({ name, help, nameValidation })).toThrow(
        expect.objectContaining({
          code: 'ERR_METRIC_COLLISION',
          message: expect.stringContaining("'a.b': both are a_b"),
        }),
      );
    }
    expect(register.getMetricsAsArray()).toHaveLength(1);
    register.removeSingleMetric('a.b');
    new Counter({ name: 'a_b', help });
    expect(() => new Counter({ name: 'a.b', help, nameValidation })).toThrow('Rename one of them');
    new Counter({ name: 'a.b', help, nameValidation, registers: [new Registry()] });
  });

  test('are refused as labels of one metric', () => {
    expect(() => new Counter({ name: 'c', help, labelNames: ['x.y', 'x_y'], nameValidation })).toThrow(
      expect.objectContaining({ code: 'ERR_LABEL_COLLISION' }),
    );
  });
});
