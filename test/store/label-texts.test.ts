import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { Counter, register } from '../../src/index';

afterEach(() => register.clear());

/** Around the lengths at which room must be made: of a text, of all, in characters of one to four bytes. */
const text = fc
  .record({
    unit: fc.constantFrom('x', 'ä', '€', '😀', '\ud83d', '\ude00', '"', '\\', '\n'),
    length: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 50, max: 600 })),
    rest: fc.string({ unit: 'binary', maxLength: 5 }),
  })
  .map(({ unit, length, rest }) => unit.repeat(length) + rest);

/** As the text format wants it, and in UTF-8: half a pair of surrogates cannot be written. */
const printed = (value: string): string =>
  Buffer.from(value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')).toString();

test('texts of any length and of any characters are exposed as they are', async () => {
  const pair = fc.tuple(text, text);
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(pair, { maxLength: 10, selector: String }), async (pairs) => {
      register.clear();
      const counter = new Counter({ name: 'c', help: 'h', labelNames: ['a', 'b'] });
      for (const [a, b] of pairs) counter.inc({ a, b });
      for (const [b, a] of pairs) counter.inc({ b, a });
      const lines = pairs.map(([a, b]) => `c{a="${printed(a)}",b="${printed(b)}"}`);
      const shown = await register.metrics();
      expect(lines.filter((line) => !shown.includes(`\n${line} `))).toEqual([]);
    }),
    { numRuns: 50 },
  );
});

test('a text that no record can hold counts in this process, with a warning and without an exception', async () => {
  const warnings: string[] = [];
  const onWarning = (warning: Error): number => warnings.push(warning.message);
  process.on('warning', onWarning);
  const counter = new Counter({ name: 'c', help: 'h', labelNames: ['a'] });
  counter.inc({ a: 'short' });
  const long = 'x'.repeat(2 * 1024 * 1024);
  counter.inc({ a: long });
  counter.inc({ a: 'short' });
  await new Promise(setImmediate);
  process.off('warning', onWarning);

  const lines = (await register.getSingleMetricAsString('c')).split('\n');
  expect(lines.slice(2)).toEqual(['c{a="short"} 2', `c{a="${long}"} 1`]);
  expect(warnings.join()).toMatch(/1 MiB.* is counted in this process/);
});
