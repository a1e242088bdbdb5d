import { afterAll, beforeAll, expect, test } from 'vitest';
import { Registry } from '../../src/index';
import { type Meter, MeterProvider, type Translation } from '../../src/opentelemetry';
import { parse } from '../multiprocess/support/exposition';

let registries = 0;

/** The names that instruments get: one provider for each call, so that equal names are no conflict. */
async function nameOf(
  create: (meter: Meter, name: string, unit: string) => void,
  name: string,
  unit = '',
  translation?: Translation,
  prefix?: string,
): Promise<string | undefined> {
  const register = new Registry(undefined, { shared: false });
  const provider = new MeterProvider({ register, resource: false, translation, prefix });
  create(provider.getMeter(`m${++registries}`), name, unit);
  return parse(await register.metrics())[0]?.name;
}

const counter = (meter: Meter, name: string, unit: string): void =>
  meter.createCounter(name, { unit }).add(1);
const gauge = (meter: Meter, name: string, unit: string): void => meter.createGauge(name, { unit }).record(1);
const histogram = (meter: Meter, name: string, unit: string): void =>
  meter.createHistogram(name, { unit }).record(1);

// The table of the specification: "Prometheus and OpenMetrics Compatibility", "Metric Metadata", units.
test.each([
  ['d', 'days'],
  ['h', 'hours'],
  ['min', 'minutes'],
  ['s', 'seconds'],
  ['ms', 'milliseconds'],
  ['us', 'microseconds'],
  ['ns', 'nanoseconds'],
  ['By', 'bytes'],
  ['KiBy', 'kibibytes'],
  ['MiBy', 'mebibytes'],
  ['GiBy', 'gibibytes'],
  ['TiBy', 'tibibytes'],
  ['KBy', 'kilobytes'],
  ['MBy', 'megabytes'],
  ['GBy', 'gigabytes'],
  ['TBy', 'terabytes'],
  ['m', 'meters'],
  ['V', 'volts'],
  ['A', 'amperes'],
  ['J', 'joules'],
  ['W', 'watts'],
  ['g', 'grams'],
  ['Cel', 'celsius'],
  ['Hz', 'hertz'],
  ['%', 'percent'],
  ['m/s', 'meters_per_second'],
  ['By/min', 'bytes_per_minute'],
  ['{packet}/h', 'per_hour'],
  ['1/d', 'per_day'],
  ['furlong', 'furlong'],
  ['$/y', 'per_year'],
])('unit %s is the suffix %s', async (unit, suffix) => {
  expect(await nameOf(gauge, 'x', unit)).toBe(`x_${suffix}`);
  expect(await nameOf(counter, 'x', unit)).toBe(`x_${suffix}_total`);
});

test.each([
  [counter, 'bytes.sent', '', 'bytes_sent_total'],
  [counter, 'bytes.sent', 'By', 'bytes_sent_bytes_total'],
  [counter, 'sent.bytes', 'By', 'sent_bytes_total'],
  [counter, 'sent_bytes_total', 'By', 'sent_bytes_total'],
  [counter, 'sent_total', 'By', 'sent_bytes_total'],
  [counter, 'bytes', 'By', 'bytes_total'],
  [counter, 'requests', '{request}', 'requests_total'],
  [counter, 'requests', '1', 'requests_total'],
  [counter, 'requests.', '', 'requests_total'],
  [gauge, 'load', '1', 'load_ratio'],
  [gauge, 'load.ratio', '1', 'load_ratio'],
  [gauge, 'jobs_total', '', 'jobs_total'],
  [gauge, 'load', '{load}', 'load'],
  [histogram, 'http.server.request.duration', 's', 'http_server_request_duration_seconds'],
  [histogram, 'size', '1', 'size'],
  [gauge, 'a..b--c', '', 'a_b_c'],
  [gauge, '1st', '', '_1st'],
  [gauge, 'Ünï', '', '_n_'],
  [gauge, 'a:b', '', 'a:b'],
  [gauge, 'nodejs.eventloop.delay.p99', 's', 'nodejs_eventloop_delay_p99_seconds'],
])('%s %s with unit %s is %s', async (create, name, unit, expected) => {
  expect(await nameOf(create, name, unit)).toBe(expected);
});

test.each([
  [counter, 'bytes.sent', 'By', 'bytes_sent'],
  [gauge, 'load', '1', 'load'],
  [histogram, 'a/b', 's', 'a_b'],
])('without suffixes %s %s with unit %s is %s', async (create, name, unit, expected) => {
  expect(await nameOf(create, name, unit, 'underscores')).toBe(expected);
});

test.each<[string, Translation, string, string]>([
  ['allow-utf-8', 'utf8', '"http.server.duration_seconds_total"', '"http.route"="/","otel_scope_name"="m"'],
  ['allow-utf-8', 'none', '"http.server.duration"', '"http.route"="/"'],
  ['underscores', 'utf8', 'http_server_duration_seconds_total', 'http_route="/"'],
  ['values', 'none', 'U__http_2e_server_2e_duration', 'U__http_2e_route="/"'],
])('with escaping=%s the translation %s gives %s', async (escaping, translation, name, label) => {
  const register = new Registry(undefined, { name: `utf8 ${escaping} ${translation}` });
  const provider = new MeterProvider({ register, resource: false, translation });
  const created = provider.getMeter('m').createCounter('http.server.duration', { unit: 's' });
  created.add(2, { 'http.route': '/' });
  const { body } = await register.exposition({
    accept: `text/plain; version=1.0.0; escaping=${escaping}`,
    compress: false,
  });
  const line = body
    .toString()
    .split('\n')
    .find((text) => text.endsWith(' 2'));

  expect(line).toContain(name);
  expect(line).toContain(label.split(',')[0]);
});

test('a key without a form in UTF-8 is a label all the same', async () => {
  const register = new Registry(undefined, { name: 'surrogates' });
  const provider = new MeterProvider({ register, resource: false, translation: 'none' });
  provider.getMeter('m').createCounter('c').add(1, { '\ud800x': 1 });

  expect(await register.metrics()).toMatch(/c\{.*1.*\} 1/);
});

test('a key that would make a scraper refuse the exposition is another label', async () => {
  const register = new Registry(undefined, { name: 'reserved names' });
  const provider = new MeterProvider({ register, resource: false, translation: 'none', scopeLabels: false });
  provider.getMeter('m').createCounter('c').add(1, { __name__: 'x' });

  expect(await register.metrics()).toContain('\nc{exported___name__="x"} 1\n');
});

test.each(['utf8', 'none'] as const)(
  'names and keys that are one with underscores throw nothing, and are no labels twice: %s',
  async (translation) => {
    const register = new Registry(undefined, { name: `one with underscores ${translation}` });
    const meter = new MeterProvider({ register, resource: false, translation }).getMeter('m');
    const gauge = meter.createGauge('g');
    gauge.record(1, { 'k.a': 'x', k_a: 'y', 'otel.scope.name': 'z' });
    gauge.record(2, { k_a: 'x' });
    gauge.record(3, { 'k.a': 'y' });
    const other = meter.createGauge('g.g');
    other.record(4);
    meter.createGauge('g_g').record(5);
    const samples = parse(await register.metrics()).flatMap((family) => family.samples);

    expect(samples).toEqual(
      expect.arrayContaining([
        { name: 'g', labels: { k_a: 'x;y', exported_otel_scope_name: 'z', otel_scope_name: 'm' }, value: 1 },
        { name: 'g', labels: { k_a: 'x', otel_scope_name: 'm' }, value: 2 },
        { name: 'g', labels: { k_a: 'y', otel_scope_name: 'm' }, value: 3 },
        { name: 'g_g', labels: { otel_scope_name: 'm' }, value: 4 },
      ]),
    );
    expect(samples).toHaveLength(4);
  },
);

test('a unit and a description that are no texts are taken as such', async () => {
  const register = new Registry(undefined, { name: 'no texts' });
  const options = { unit: 5, description: null } as unknown as { unit: string };
  new MeterProvider({ register, resource: false }).getMeter('m').createCounter('c', options).add(1);

  expect(await register.metrics()).toMatch(/^c_5_total\{.*\} 1$/m);
});

test('a prefix comes first, with an underscore', async () => {
  expect(await nameOf(counter, 'x', 's', 'suffixes', 'app')).toBe('app_x_seconds_total');
  expect(await nameOf(counter, '1x', 's', 'exporter', 'app')).toBe('app_1x_total');
});

const variable = ['OTEL_RESOURCE_ATTRIBUTES', 'OTEL_SERVICE_NAME'] as const;
const before = variable.map((name) => process.env[name]);

beforeAll(() => {
  process.env['OTEL_RESOURCE_ATTRIBUTES'] =
    'service.name=wrong,deployment.environment.name=a%2Cb,=x,bad=%zz,k';
  process.env['OTEL_SERVICE_NAME'] = 'shop';
});

afterAll(() => {
  for (const [i, name] of variable.entries()) {
    if (before[i] === undefined) delete process.env[name];
    else process.env[name] = before[i];
  }
});

test('target_info has the resource of the environment, once for all providers and scopes', async () => {
  const register = new Registry(undefined, { name: 'target' });
  for (const name of ['a', 'b']) {
    const provider = new MeterProvider({ register });
    provider.getMeter(name).createCounter('c').add(1);
  }
  const families = parse(await register.metrics());
  const target = families.find(({ name }) => name === 'target_info');

  expect(target?.samples).toEqual([
    {
      name: 'target_info',
      labels: {
        service_name: 'shop',
        deployment_environment_name: 'a,b',
        telemetry_sdk_language: 'nodejs',
        telemetry_sdk_name: 'prom-client-mmap',
        telemetry_sdk_version: expect.stringMatching(/^\d+\.\d+/),
      },
      value: 1,
    },
  ]);
});

test('a resource of the SDK is taken without the attributes of one process, and some of it can be on all series', async () => {
  const register = new Registry(undefined, { name: 'resource' });
  const attributes = {
    'service.name': 'shop',
    'service.instance.id': '4711',
    'process.pid': 1,
    'cloud.region': 'x',
    pending: Promise.resolve('later'),
  };
  const options = { register, resource: { attributes }, resourceLabels: ['cloud.region', 'missing'] };
  new MeterProvider(options).getMeter('m', '2', { schemaUrl: 'http://s' }).createCounter('c').add(1);
  const samples = parse(await register.metrics()).flatMap((family) => family.samples);

  expect(samples).toEqual(
    expect.arrayContaining([
      {
        name: 'c_total',
        labels: {
          otel_scope_name: 'm',
          otel_scope_version: '2',
          otel_scope_schema_url: 'http://s',
          cloud_region: 'x',
        },
        value: 1,
      },
      { name: 'target_info', labels: { service_name: 'shop', cloud_region: 'x' }, value: 1 },
    ]),
  );
  expect(samples).toHaveLength(2);
});
