import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  everyPlace,
  factorsOf,
  type Places,
  placesFor,
  sample,
  sampleAll,
  source,
} from '../../src/series/label-sampling';
import { hashOf } from '../../src/series/lookup';

const place = fc.integer({ min: -12, max: 11 });
const places = fc.oneof(fc.array(place, { maxLength: 8 }), fc.constant<Places>(everyPlace));

test('the source text of a sample has the value of the sample', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), places, (text, chosen) => {
      const evaluate = new Function('text', 'sampleAll', `return ${source('text', chosen)}`);
      expect(evaluate(text, sampleAll)).toBe(sample(text, chosen));
    }),
  );
});

test('few places are looked at when a few are enough, and those that differ', () => {
  expect(placesFor(['GET', 'PUT', 'POST', 'PATCH', 'DELETE'], 0)).toHaveLength(1);
  expect(placesFor(['a', 'bb', 'ccc'], 0)).toEqual([]);
  const routes = Array.from({ length: 100 }, (_, i) => `/api/v1/items-${100 + i}/:id`);
  expect(placesFor(routes, 0)).toHaveLength(2);
  expect(new Set(routes.map((route) => sample(route, placesFor(routes, 0)))).size).toBe(100);
});

test('a hash is exact, whatever is multiplied', () => {
  const texts = fc.array(fc.option(fc.string({ unit: 'binary' }), { nil: undefined }), { maxLength: 6 });
  fc.assert(
    fc.property(texts, places, fc.nat(63), (values, chosen, attempt) => {
      const factors = factorsOf(values.length, attempt);
      const terms = values.map(
        (text, i) => BigInt(text === undefined ? -1 : sample(text, chosen)) * BigInt(factors[i] as number),
      );
      const sum = terms.reduce((total, term) => total + term, 0n);
      const all = { places: values.map(() => chosen), factors };
      expect(hashOf(all, values, 0)).toBe(Number(BigInt.asIntN(32, sum << 11n)));
    }),
  );
});

test('some of the factors that are tried put nearly every label set where no other is', () => {
  const sets = ['GET', 'PUT', 'POST', 'PATCH', 'DELETE'].flatMap((method) =>
    Array.from({ length: 24 }, (_, i) => [method, `/api/v1/items-${i}/:id`]),
  );
  const chosen = [0, 1].map((label) => placesFor([...new Set(sets.map((set) => set[label] as string))], 0));
  const slots = (attempt: number) =>
    new Set(sets.map((set) => hashOf({ places: chosen, factors: factorsOf(2, attempt) }, set, 0) >>> 23))
      .size;
  expect(Math.max(...Array.from({ length: 64 }, (_, attempt) => slots(attempt)))).toBeGreaterThan(115);
});

test('where no code may be made from text, everything works all the same', () => {
  const script = `
    const { Counter, register } = require('./index.js');
    let refusal;
    try { new Function(''); } catch (error) { refusal = error.name; }
    const counter = new Counter({ name: 'c', help: 'h', labelNames: ['a', 'b'] });
    for (let i = 0; i < 1000; i++) counter.inc({ b: i % 10, a: 'x' + (i % 25) });
    counter.labels('x1', '1').inc();
    let error;
    try { counter.inc({ a: 'x1', z: 1 }); } catch (thrown) { error = thrown.code; }
    const sum = async () => (await counter.get()).values.reduce((total, { value }) => total + value, 0);
    (async () => {
      const { length } = (await counter.get()).values;
      console.log(JSON.stringify({ refusal, error, length, sum: await sum() }));
    })();`;
  const output = execFileSync(process.execPath, ['--disallow-code-generation-from-strings', '-e', script], {
    cwd: join(__dirname, '..', '..'),
    encoding: 'utf8',
  });
  expect(JSON.parse(output)).toEqual({
    refusal: 'EvalError',
    error: 'ERR_LABEL_UNKNOWN',
    length: 50,
    sum: 1001,
  });
});
