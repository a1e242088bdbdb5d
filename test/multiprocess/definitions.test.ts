import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newDirectory } from './support/directories';
import { type Member, spawn } from './support/member';

// A process shows what another one has defined, whatever that is: definitions of any size, texts of any alphabet, and label
// objects that change while the library reads them.

interface Update {
  readonly labels: readonly LabelValue[];
  readonly trick: Trick;
  readonly amount: number;
}

interface LabelValue {
  readonly kind: (typeof kinds)[number];
  readonly text: string;
}

interface Definition {
  readonly type: 'Counter' | 'Gauge' | 'Histogram' | 'Summary';
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly buckets: readonly number[];
  readonly percentiles: readonly number[];
  readonly maxAgeSeconds?: number | undefined;
  readonly ageBuckets?: number | undefined;
  readonly updates: readonly Update[];
}

const kinds = [
  'string',
  'number',
  'boolean',
  'null',
  'undefined',
  'bigint',
  'array',
  'object',
  'changing',
  'throwing',
] as const;
/** What else the label object does. */
const tricks = [
  'none',
  'getters',
  'gains a key',
  'loses a key',
  'proxy',
  'no prototype',
  'updates itself',
] as const;
type Trick = (typeof tricks)[number];

// Some are long; an exposition of a lone surrogate would not be UTF-8 anywhere.
const text = fc.oneof(
  { weight: 8, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom('', '\n"\\', 'x'.repeat(70_000), '\u{1F600}'.repeat(9000), '\0') },
);
const labelName = fc.constantFrom(
  'a',
  'b',
  'c',
  'pid',
  'le_',
  '__proto',
  'constructor',
  'toString',
  'z'.repeat(5000),
);
const anyNumber = fc.oneof(fc.double(), fc.integer({ min: -10, max: 10 }));

const update: fc.Arbitrary<Update> = fc.record({
  labels: fc.array(fc.record({ kind: fc.constantFrom(...kinds), text }), { minLength: 4, maxLength: 4 }),
  trick: fc.constantFrom(...tricks),
  amount: fc.integer({ min: 1, max: 5 }),
});

const definition: fc.Arbitrary<Definition> = fc.record({
  type: fc.constantFrom('Counter', 'Gauge', 'Histogram', 'Summary'),
  help: text.map((help) => `Help ${help}`),
  labelNames: fc.uniqueArray(labelName, { maxLength: 4 }),
  buckets: fc.oneof(
    fc.array(anyNumber, { maxLength: 10 }),
    fc.integer({ min: 1, max: 500 }).map((count) => Array.from({ length: count }, (_, i) => i)),
  ),
  percentiles: fc.array(fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), anyNumber), { maxLength: 5 }),
  maxAgeSeconds: fc.option(fc.oneof(fc.integer({ min: 60, max: 90_000 }), fc.double()), { nil: undefined }),
  ageBuckets: fc.option(fc.oneof(fc.integer({ min: 1, max: 1500 }), fc.integer()), { nil: undefined }),
  updates: fc.array(update, { maxLength: 6 }),
});

test('whatever the constructors and updates accept, another process shows, and everything else beside it', async () => {
  const directory = newDirectory();
  const [owner, observer] = await Promise.all([spawn({ directory }), spawn({ directory })]);
  await owner.run(({ Counter }) => new Counter({ name: 'witness_total', help: 'Witness.' }).inc());
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(definition, { minLength: 1, maxLength: 4 }), async (definitions) => {
      const prefix = `m${++run}`;
      const expected = await carryOut(owner, prefix, definitions);
      const shown = await totalsOf(observer);

      expect(shown.get('witness_total')).toBe(1);
      for (const [name, total] of expected) expect([name, shown.get(name)]).toEqual([name, total]);
      expect(await observer.scrape()).not.toContain('prom_client_mmap_skipped');
      await owner.run(
        ({ register }, names) => {
          for (const name of names) register.removeSingleMetric(name);
        },
        [...expected.keys()],
      );
    }),
    // A run costs two scrapes. The counterexample is told as it is found: to shrink it would take longer than the test may.
    { numRuns: 60, interruptAfterTimeLimit: 8000, endOnFailure: true },
  );
  expect(await owner.warnings()).toEqual([]);
});

/** Defines and updates the metrics. Returns the sum of the updates that returned, of each metric that could be made. */
function carryOut(
  owner: Member,
  prefix: string,
  definitions: readonly Definition[],
): Promise<Map<string, number>> {
  return owner.run(
    (library, { prefix, definitions }) => {
      const madeOf = ({ kind, text }: LabelValue): unknown => {
        let calls = 0;
        const values: Record<LabelValue['kind'], unknown> = {
          string: text,
          number: text.length / 3,
          boolean: text.length > 3,
          null: null,
          undefined: undefined,
          bigint: BigInt(text.length),
          array: [text.length, [1]],
          object: { toString: () => `object of ${text.length}` },
          changing: { toString: () => `call ${++calls}` },
          throwing: {
            toString() {
              throw new Error('no text');
            },
          },
        };
        return values[kind];
      };
      const objectOf = (
        { labels, trick }: Update,
        names: readonly string[],
        again: () => void,
      ): Record<string, unknown> => {
        const plain = Object.fromEntries(names.map((name, i) => [name, madeOf(labels[i] as LabelValue)]));
        const [first = 'none'] = names;
        const during = (action: (target: Record<string, unknown>) => void): Record<string, unknown> => {
          const target = { ...plain };
          const change = (): string => {
            action(target);
            return 'changed';
          };
          return names.length === 0 ? target : Object.assign(target, { [first]: { toString: change } });
        };
        switch (trick) {
          case 'getters': {
            const getters = names.map((name) => [name, { enumerable: true, get: () => plain[name] }]);
            return Object.defineProperties({}, Object.fromEntries(getters));
          }
          case 'gains a key':
            return during((target) => Object.assign(target, { later: 'x', [names.at(-1) ?? first]: 'y' }));
          case 'loses a key':
            return during((target) => Reflect.deleteProperty(target, names.at(-1) ?? first));
          case 'proxy':
            return new Proxy(plain, { get: (target, name) => Reflect.get(target, name) });
          case 'no prototype':
            return Object.assign(Object.create(null), plain);
          case 'updates itself':
            return during(again);
          default:
            return plain;
        }
      };

      const totals = new Map<string, number>();
      for (const [i, { type, updates, ...options }] of definitions.entries()) {
        const name = `${prefix}_${i}`;
        let total = 0;
        let made: unknown;
        try {
          made = new library[type]({ name, ...options } as never);
        } catch {
          continue;
        }
        const metric = made as {
          observe?(labels: object, value: number): void;
          inc(labels: object, value: number): void;
        };
        const { labelNames } = options;
        for (const update of updates) {
          const apply = (labels: object): void => {
            if (metric.observe) metric.observe(labels, update.amount);
            else metric.inc(labels, update.amount);
            total += metric.observe ? 1 : update.amount;
          };
          const inner = { ...update, trick: 'none' as const };
          try {
            apply(objectOf(update, labelNames, () => apply(objectOf(inner, labelNames, () => undefined))));
          } catch {
            // It does not count, as in prom-client.
          }
        }
        const hasSample = total > 0 || labelNames.length === 0;
        if (hasSample) totals.set(name, total);
      }
      return totals;
    },
    { prefix, definitions },
  );
}

/** Of each metric the sum of its values, or of its counts. */
function totalsOf(observer: Member): Promise<Map<string, number>> {
  return observer.run(async ({ register }) => {
    const families = (await register.getGroupMetricsAsJSON()) as {
      name: string;
      type: string;
      values: { value: number; metricName?: string }[];
    }[];
    return new Map(
      families.map(({ name, type, values }) => {
        const isScalar = type === 'counter' || type === 'gauge';
        const counted = values.filter(({ metricName }) => isScalar || metricName === `${name}_count`);
        return [name, counted.reduce((sum, { value }) => sum + value, 0)];
      }),
    );
  });
}
