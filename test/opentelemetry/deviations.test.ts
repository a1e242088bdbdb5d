import { diag } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider as SdkMeterProvider } from '@opentelemetry/sdk-metrics';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Registry } from '../../src/index';
import { MeterProvider } from '../../src/opentelemetry';

// The rows of docs/opentelemetry.md on exporter-prometheus: what it does, and what is done here.

type Api = Pick<import('@opentelemetry/api').MeterProvider, 'getMeter'>;

beforeEach(() => {
  const silent = (): undefined => undefined;
  diag.setLogger({ warn: silent, error: silent, info: silent, debug: silent, verbose: silent });
});

afterEach(() => diag.disable());

const resource = { 'service.name': 'shop', 'process.pid': 1 };

/** The last expositions of a program, by the exporter and here: the first ones, unless `isAwaited` is false of ours. */
async function both(
  program: (provider: Api) => void,
  isAwaited: (here: string) => boolean = () => true,
): Promise<{ exporter: string; here: string }> {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const sdk = new SdkMeterProvider({ readers: [exporter], resource: resourceFromAttributes(resource) });
  program(sdk);
  const register = new Registry(undefined, { shared: false });
  const own = new MeterProvider({ register, resource: { attributes: resource }, translation: 'exporter' });
  program(own as Api);
  const answers = { exporter: '', here: '' };
  do {
    const { resourceMetrics } = await exporter.collect();
    answers.exporter = new PrometheusSerializer().serialize(resourceMetrics);
    answers.here = await register.metrics();
    await new Promise(setImmediate);
  } while (!isAwaited(answers.here));
  await sdk.shutdown();
  return answers;
}

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

test('HELP and TYPE come once for each name, not once for each scope', async () => {
  const { exporter, here } = await both((provider) => {
    for (const name of ['a', 'b']) provider.getMeter(name).createCounter('c', { description: 'h' }).add(1);
  });

  expect(count(exporter, /^# TYPE c_total counter$/gm)).toBe(2);
  expect(count(here, /^# TYPE c_total counter$/gm)).toBe(1);
  expect(count(here, /^c_total\{/gm)).toBe(2);
});

test('the text format has no UNIT lines', async () => {
  const { exporter, here } = await both((provider) =>
    provider.getMeter('m').createGauge('g', { unit: 'ms' }).record(1),
  );

  expect(exporter).toContain('# UNIT g ms');
  expect(here).not.toContain('# UNIT');
});

test('a number and its text are one series, not two equal lines', async () => {
  const { exporter, here } = await both((provider) => {
    const counter = provider.getMeter('m').createCounter('c');
    counter.add(1, { code: 200 });
    counter.add(2, { code: '200' });
  });

  expect(count(exporter, /^c_total\{.*code="200".*\}/gm)).toBe(2);
  expect(here.match(/^c_total\{.*\} .*$/gm)).toEqual([expect.stringMatching(/code="200".*\} 3$/)]);
});

test('keys that become one label have their values joined, not the label twice', async () => {
  const { exporter, here } = await both((provider) =>
    provider.getMeter('m').createCounter('c').add(1, { 'a.b': 'x', a_b: 'y' }),
  );

  expect(exporter).toMatch(/a_b="x".*a_b="y"|a_b="y".*a_b="x"/);
  expect(here).toMatch(/^c_total\{a_b="x;y",.*\} 1$/m);
});

test('boundaries are sorted, each once and without NaN', async () => {
  const explicitBucketBoundaries = [5, 1, Number.NaN, 1];
  const { exporter, here } = await both((provider) =>
    provider.getMeter('m').createHistogram('h', { advice: { explicitBucketBoundaries } }).record(2),
  );

  expect(exporter).toContain('le="NaN"');
  expect(count(exporter, /le="1"/g)).toBe(2);
  expect(here.match(/le="[^"]*"/g)).toEqual(['le="1"', 'le="5"', 'le="+Inf"']);
});

test('a negative value of an observable counter is dropped, not shown as 0', async () => {
  const { exporter, here } = await both((provider) =>
    provider
      .getMeter('m')
      .createObservableCounter('c')
      .addCallback((result) => result.observe(-1)),
  );

  expect(exporter).toMatch(/^c_total\{.*\} 0/m);
  expect(here).not.toMatch(/^c_total\{/m);
});

test('a value that is not observed any more ends', async () => {
  const once = (provider: Api): void => {
    let scrapes = 0;
    provider
      .getMeter('m')
      .createObservableGauge('g')
      .addCallback((result) => {
        if (scrapes++ === 0) result.observe(1, { only: 'once' });
      });
  };

  expect((await both(once)).here).toContain('only="once"');
  const { exporter } = await both(once, (here) => !here.includes('only="once"'));
  expect(exporter).toContain('only="once"');
});

test('target_info has no attributes of one process', async () => {
  const { exporter, here } = await both((provider) => provider.getMeter('m').createCounter('c').add(1));

  expect(exporter).toMatch(/^target_info\{.*process_pid="1"/m);
  expect(here).toMatch(/^target_info\{service_name="shop"\} 1$/m);
});

test('without metrics the text is empty', async () => {
  const { exporter, here } = await both(() => undefined);

  expect(exporter).toContain('# no registered metrics');
  expect(here).toBe('\n');
});
