import * as api19 from '@opentelemetry/api';
import { MeterProvider as SdkMeterProvider } from '@opentelemetry/sdk-metrics';
import * as api13 from 'otel-api-1.3';
import * as api14 from 'otel-api-1.4';
import * as api110 from 'otel-api-1.10';
import { beforeEach, expect, test } from 'vitest';
import { Registry } from '../../src/index';
import { MeterProvider } from '../../src/opentelemetry';
import { valuesOf } from '../multiprocess/support/exposition';

let registries = 0;

/** All versions of the API share one place for their state, and each takes only that of its own version. */
beforeEach(() => {
  delete (globalThis as Record<symbol, unknown>)[Symbol.for('opentelemetry.js.api.1')];
});

function newProvider(): [Registry, MeterProvider] {
  const register = new Registry(undefined, { name: `versions ${++registries}` });
  return [register, new MeterProvider({ register, resource: false, scopeLabels: false })];
}

// That this file compiles is a part of the test: the provider has the types of all four versions.
const versions: readonly (readonly [string, (provider: MeterProvider) => boolean, () => Meter])[] = [
  ['1.3', (provider) => api13.metrics.setGlobalMeterProvider(provider), () => api13.metrics.getMeter('m')],
  ['1.4', (provider) => api14.metrics.setGlobalMeterProvider(provider), () => api14.metrics.getMeter('m')],
  ['1.9', (provider) => api19.metrics.setGlobalMeterProvider(provider), () => api19.metrics.getMeter('m')],
  ['1.10', (provider) => api110.metrics.setGlobalMeterProvider(provider), () => api110.metrics.getMeter('m')],
];

/** All versions have these instruments. */
type Meter = Pick<api13.Meter, 'createCounter' | 'createHistogram' | 'createObservableGauge'>;

test.each(versions)('the provider counts for version %s of the API', async (_, set, meterOf) => {
  const [register, provider] = newProvider();
  expect(set(provider)).toBe(true);
  const meter = meterOf();
  meter.createCounter<{ kind: string }>('c', { valueType: api13.ValueType.INT }).add(1, { kind: 'a' });
  meter.createObservableGauge('g').addCallback((result) => result.observe(2, { list: ['x'] }));

  expect(Object.fromEntries(valuesOf(await register.metrics()))).toEqual({
    'c_total{kind="a"}': 1,
    'g{list="[\\"x\\"]"}': 2,
  });
});

test('a provider of the SDK that is set later changes nothing', async () => {
  const [register, provider] = newProvider();
  api19.metrics.setGlobalMeterProvider(provider);
  expect(api19.metrics.setGlobalMeterProvider(new SdkMeterProvider())).toBe(false);
  api19.metrics.getMeter('m').createCounter('c').add(1);

  expect(valuesOf(await register.metrics()).get('c_total{}')).toBe(1);
});

test('a copy of the API with a lower version counts in the provider that a higher one has set', async () => {
  const [register, provider] = newProvider();
  api19.metrics.setGlobalMeterProvider(provider);
  api14.metrics.getMeter('m').createCounter('c').add(1);

  expect(valuesOf(await register.metrics()).get('c_total{}')).toBe(1);
});
