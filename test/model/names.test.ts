import { expect, test } from 'vitest';
import { validateLabelNames, validateMetricName } from '../../src/model/names';

test.each(['a', '_', ':', 'http_requests:total_1', 'A9'])('%j is the name of a metric', (name) => {
  expect(validateMetricName(name)).toBe(true);
});

test.each(['', '1a', 'a b', 'a-b', 'ä', 'a\n'])('%j is not the name of a metric', (name) => {
  expect(validateMetricName(name)).toBe(false);
});

test('names of labels have no colons, and one bad name spoils all', () => {
  expect(validateLabelNames([])).toBe(true);
  expect(validateLabelNames(['a', '_b1'])).toBe(true);
  expect(validateLabelNames(['a', 'b:c'])).toBe(false);
});
