import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider as SdkMeterProvider } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Registry } from '../../src/index';
import { MeterProvider } from '../../src/opentelemetry';
import { valuesOf } from '../multiprocess/support/exposition';

// The judge is the SDK with its own exporter: the same program runs on both.

type Api = import('@opentelemetry/api').Meter;

interface Step {
  readonly instrument: number;
  readonly value: number;
  readonly attributes: Record<string, string | number | boolean | string[]>;
}

const instruments = [
  'createCounter',
  'createUpDownCounter',
  'createGauge',
  'createHistogram',
  'createObservableCounter',
  'createObservableUpDownCounter',
  'createObservableGauge',
] as const;

/** Runs the steps: synchronous instruments count each, observable ones observe all at the scrape. */
function run(meter: Api, names: readonly string[], steps: readonly Step[]): void {
  for (const [i, create] of instruments.entries()) {
    const own = steps.filter(({ instrument }) => instrument === i);
    const instrument = meter[create](`${names[i]}.${i}`, { unit: 's', description: 'help' });
    if ('addCallback' in instrument) {
      instrument.addCallback((result) => {
        for (const { value, attributes } of own) result.observe(value, attributes);
      });
      continue;
    }
    for (const { value, attributes } of own) {
      if ('add' in instrument) instrument.add(value, attributes);
      else instrument.record(value, attributes);
    }
  }
}

const name = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_./-]{0,10}$/);
// Keys that do not become one label, which the exporter prints twice: see the tests of names.
const attributes = fc.dictionary(
  fc.constantFrom('method', 'http.route', 'error.type', 'Status-Code', 'k1'),
  fc.oneof(
    fc.string({ maxLength: 5 }),
    fc.string({ unit: 'binary', maxLength: 3 }),
    fc.integer({ min: -2, max: 600 }),
    fc.boolean(),
    fc.array(fc.string({ maxLength: 3 }), { maxLength: 2 }),
  ),
);
const step = fc.record({
  instrument: fc.nat({ max: instruments.length - 1 }),
  value: fc.oneof(fc.integer({ min: -10, max: 11_000 }), fc.double({ min: -5, max: 100, noNaN: true })),
  attributes,
});

test('random programs have the numbers of the SDK and its exporter', async () => {
  const property = fc.asyncProperty(
    fc.tuple(...instruments.map(() => name)),
    fc.array(step, { maxLength: 40 }),
    async (names, steps) => {
      // A number and its text are one label, but two sets for the SDK, which then prints a line twice.
      // The SDK shows 0 for an observable counter with a negative value, which is dropped here.
      const texts = steps.map(({ attributes: own, instrument, value }) => ({
        instrument,
        value: instrument === 4 ? Math.abs(value) : value,
        attributes: Object.fromEntries(
          Object.entries(own).map(([key, value]) => [key, Array.isArray(value) ? value : `${value}`]),
        ),
      }));
      const exporter = new PrometheusExporter({ preventServerStart: true });
      const sdk = new SdkMeterProvider({ readers: [exporter] });
      run(sdk.getMeter('library', '1.0'), names, texts);
      const { resourceMetrics } = await exporter.collect();
      const expected = new PrometheusSerializer(undefined, false, undefined, true).serialize(resourceMetrics);

      const register = new Registry(undefined, { shared: false });
      const provider = new MeterProvider({ register, resource: false, translation: 'exporter' });
      run(provider.getMeter('library', '1.0') as Api, names, texts);
      const found = await register.metrics();
      await sdk.shutdown();

      expect(closeOf(found)).toEqual(closeOf(withoutUnits(expected)));
    },
  );
  await fc.assert(property, { numRuns: 100 });
});

/** UNIT lines belong to OpenMetrics; the exporter writes them in the older format. */
function withoutUnits(text: string): string {
  return `${text.replace(/^# UNIT .*\n/gm, '').replace('# no registered metrics', '')}\n`;
}

/** Sums are rounded: the SDK adds observations of one collection first. */
function closeOf(text: string): Record<string, number> {
  return Object.fromEntries(
    Array.from(valuesOf(text), ([key, value]) => [key, Number(value.toPrecision(9))]),
  );
}
