import { expect, test } from 'vitest';
import type { MetricType } from '../../src/model/family';
import { checkMultiprocessMode, isMostRecent, mergeModeOf } from '../../src/model/merge-mode';

test.each<[string | undefined | null, string, string]>([
  [undefined, 'livesum', 'sum'],
  [null, 'livesum', 'sum'],
  ['sum', 'livesum', 'sum'],
  ['min', 'livemin', 'livemin'],
  ['max', 'livemax', 'livemax'],
  ['first', 'first', 'first'],
  ['average', 'average', 'average'],
  ['omit', 'omit', 'omit'],
])('aggregator %s means %s for a gauge and %s for the rest', (aggregator, gauge, rest) => {
  expect(mergeModeOf('gauge', aggregator)).toBe(gauge);
  for (const type of ['counter', 'histogram', 'summary'] satisfies MetricType[]) {
    expect(mergeModeOf(type, aggregator)).toBe(rest);
  }
});

test.each(['median', 'constructor', ''])('%j is no aggregator', (aggregator) => {
  const error = {
    name: 'Error',
    message: `'${aggregator}' is not a defined aggregator.`,
    code: 'ERR_AGGREGATOR',
  };
  expect(() => mergeModeOf('gauge', aggregator)).toThrow(expect.objectContaining(error));
});

test('an unknown mode is answered with all that there are', () => {
  expect(checkMultiprocessMode('g', 'mostrecent')).toBe('mostrecent');
  expect(() => checkMultiprocessMode('g', 'newest')).toThrow(
    expect.objectContaining({
      name: 'TypeError',
      code: 'ERR_MULTIPROCESS_MODE',
      message:
        'Expected multiprocessMode of gauge "g" to be one of all, liveall, min, livemin, max, livemax, sum, livesum, ' +
        "mostrecent, livemostrecent, but got 'newest'",
    }),
  );
});

test('two modes remember when they were set', () => {
  expect(isMostRecent('mostrecent')).toBe(true);
  expect(isMostRecent('livemostrecent')).toBe(true);
  expect(isMostRecent('livesum')).toBe(false);
});
