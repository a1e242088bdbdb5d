import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import {
  Counter,
  type ExpositionOptions,
  Gauge,
  Histogram,
  openMetricsContentType,
  prometheusContentType,
  Registry,
  register,
} from '../../src/index';
import { decodedFamilies, messagesIn, numberIn } from '../judges/decoded-protobuf';

afterEach(() => register.clear());

const openMetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
const text = prometheusContentType;
const protobuf = Registry.PROMETHEUS_PROTOBUF_CONTENT_TYPE;

/** The headers of Prometheus, as its versions send them. */
const prometheus = {
  '2.42':
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
  '2.49.0':
    'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=2',
  '2.42 with native histograms':
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
  '3.5':
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
};

describe('the format of an exposition', () => {
  test.each<[what: string, accept: ExpositionOptions['accept'], expected: string]>([
    ['no header', undefined, text],
    ['an empty header', '', text],
    ['a null, as fetch has it', null, text],
    ['anything', '*/*', text],
    ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', text],
    ['nothing known', 'application/json', text],
    ['no version', 'application/openmetrics-text', openMetrics],
    ['text without a version', 'text/plain', text],
    ['Prometheus 2.42', prometheus['2.42'], openMetrics],
    ['the q=2 of Prometheus 2.49.0', prometheus['2.49.0'], openMetrics],
    ['Prometheus 3.5', prometheus['3.5'], `${openMetrics}; escaping=allow-utf-8`],
    ['Prometheus with native histograms', prometheus['2.42 with native histograms'], protobuf],
    [
      'another encoding of Protobuf',
      'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text',
      text,
    ],
    ['another message of Protobuf', 'application/vnd.google.protobuf;proto=x', text],
    ['a wildcard before a name', '*/*;q=1,application/openmetrics-text;q=0.1', openMetrics],
    [
      'an unknown version, then a known one',
      'application/openmetrics-text;version=3.0.0,text/plain;q=0.1',
      text,
    ],
    ['a refused format', 'application/openmetrics-text;q=0,text/plain;q=0.1', text],
    ['the better of two', 'application/openmetrics-text;q=0.2,text/plain;version=0.0.4;q=0.3', text],
    ['several headers', ['application/json', 'application/openmetrics-text'], openMetrics],
    ['other letters and spaces', ' Application/OpenMetrics-Text ; Version = "1.0.0" ; Q=0.5 ', openMetrics],
    ['a comma in quotation marks', 'text/html;x="a,application/openmetrics-text",text/plain', text],
    [
      'text 1.0.0',
      'text/plain;version=1.0.0',
      'text/plain; version=1.0.0; charset=utf-8; escaping=underscores',
    ],
    [
      'text 1.0.0 with a scheme',
      'text/plain;version=1.0.0;escaping=dots',
      'text/plain; version=1.0.0; charset=utf-8; escaping=dots',
    ],
    ['an unknown scheme', 'application/openmetrics-text;escaping=x', `${openMetrics}; escaping=underscores`],
  ])('for %s', async (_, accept, expected) => {
    const { contentType, contentEncoding, body } = await register.exposition({ accept, openMetrics: true });

    expect(contentType).toBe(expected);
    expect(contentEncoding).toBeUndefined();
    const empty = contentType.startsWith(openMetrics) ? '# EOF\n' : '\n';
    expect(body.toString()).toBe(contentType === protobuf ? '' : empty);
  });

  test('is text unless OpenMetrics is offered, by the option or by the content type of the registry', async () => {
    const accept = prometheus['2.42'];
    const other = new Registry(openMetricsContentType, { shared: false });

    expect((await register.exposition({ accept })).contentType).toBe(text);
    expect((await other.exposition({ accept })).contentType).toBe(openMetrics);
    expect((await other.exposition({ accept, openMetrics: false })).contentType).toBe(text);
    expect((await other.exposition()).contentType).toBe(text);
  });

  test('is Protobuf where OpenMetrics is not offered, too', async () => {
    const { contentType } = await register.exposition({ accept: prometheus['2.42 with native histograms'] });

    expect(contentType).toBe(protobuf);
  });

  test('of metrics() is Protobuf, in a Buffer, in a registry with that content type', async () => {
    const registry = new Registry(protobuf, { shared: false });
    new Gauge({ name: 'g', help: 'h', registers: [registry] }).set(1);
    const body = await registry.metrics();

    expect(registry.contentType).toBe(protobuf);
    expect(body).toBeInstanceOf(Buffer);
    expect(body).toEqual((await registry.exposition({ accept: protobuf })).body);
    expect(await registry.getMetricsAsBuffer()).toEqual(body);
    expect(await registry.getSingleMetricAsString('g')).toBe('# HELP g h\n# TYPE g gauge\ng 1');
  });

  test('is the best that a header names, whatever else it says', async () => {
    const known = fc.constantFrom('application/openmetrics-text;version=1.0.0', 'text/plain;version=0.0.4');
    const clause = fc.tuple(
      fc.oneof(known, fc.constantFrom('*/*', 'text/html', 'application/openmetrics-text;version=9')),
      fc.integer({ min: 0, max: 10 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(clause, { maxLength: 6 }), async (clauses) => {
        const accept = clauses.map(([type, q]) => `${type};q=${q / 10}`).join(',');
        const { contentType } = await register.exposition({ accept, openMetrics: true });
        const named = clauses.filter(([type, q]) => q > 0 && /version=(1\.0\.0|0\.0\.4)/.test(type));
        const best = named.find(([, q]) => q === Math.max(...named.map(([, quality]) => quality)));

        expect(contentType).toBe(best?.[0].startsWith('application') ? openMetrics : text);
      }),
    );
  });

  test('of metrics() stays that of the content type', async () => {
    new Counter({ name: 'jobs', help: 'h' }).inc();
    const before = await register.metrics();
    await register.exposition({ accept: 'application/openmetrics-text', openMetrics: true });

    expect(await register.metrics()).toBe(before);
    expect(register.contentType).toBe(text);
  });
});

describe('the encoding of an exposition', () => {
  const fill = (): void => {
    const gauge = new Gauge({ name: 'g', help: 'h', labelNames: ['l'] });
    for (let i = 0; i < 100; i++) gauge.set({ l: `${i}` }, i);
  };

  test.each<[acceptEncoding: string | undefined, expected: string | undefined]>([
    [undefined, undefined],
    ['identity', undefined],
    ['gzip', 'gzip'],
    ['GZIP;q=0.5', 'gzip'],
    ['x-gzip', 'gzip'],
    ['deflate, br', undefined],
    ['gzip;q=0', undefined],
    ['gzip;q=0, *', undefined],
    ['*', 'gzip'],
    ['*;q=0', undefined],
    ['gzip;q=0.5, identity', undefined],
    ['identity, gzip', 'gzip'],
    ['identity;q=0, *;q=0.1', 'gzip'],
  ])('for %s is %s', async (acceptEncoding, expected) => {
    fill();
    const plain = await register.metrics();
    const { contentEncoding, body } = await register.exposition({ acceptEncoding, compress: ['gzip'] });

    expect(contentEncoding).toBe(expected);
    expect((expected === 'gzip' ? gunzipSync(body) : body).toString()).toBe(plain);
  });

  test('is none for a small body, and none where it is not offered', async () => {
    new Counter({ name: 'jobs_total', help: 'h' }).inc();
    expect((await register.exposition({ acceptEncoding: 'gzip' })).contentEncoding).toBeUndefined();
    fill();
    expect((await register.exposition({ acceptEncoding: 'gzip' })).contentEncoding).toBe('gzip');
    expect(
      (await register.exposition({ acceptEncoding: 'gzip', compress: false })).contentEncoding,
    ).toBeUndefined();
  });

  test('is made once for scrapes that share the bytes', async () => {
    fill();
    const running = register.exposition({ acceptEncoding: 'gzip' });
    const [first, second] = await Promise.all([
      register.exposition({ acceptEncoding: 'gzip' }),
      register.exposition({ acceptEncoding: 'gzip' }),
      running,
    ]);

    expect(second.body).toBe(first.body);
  });
});

test.each([
  ['shared', { name: 'bounds' }],
  ['private', { shared: false as const }],
])('bounds that come again, or are no finite numbers, are no bucket in Protobuf: %s', async (_, options) => {
  const registry = new Registry(text, options);
  const buckets = [-Infinity, 1, 1, NaN, 2, Infinity];
  const histogram = new Histogram({ name: 'h', help: 'h', buckets, registers: [registry] });
  for (const value of [0.5, 1.5, 9]) histogram.observe(value);
  const { body } = await registry.exposition({ accept: protobuf });
  const [decoded] = decodedFamilies(body);
  const fields = decoded?.metrics[0]?.fields ?? new Map();

  expect(messagesIn(fields, 3).map((bucket) => [bucket.get(2)?.[0], numberIn(bucket, 1)])).toEqual([
    [1, 1],
    [2, 2],
  ]);
  expect(numberIn(fields, 1)).toBe(3);
  registry.clear();
});

test.each([
  ['12', 12],
  [12n, 12],
])(
  'the number %o of a foreign metric is the same in each negotiated format',
  async (value: unknown, expected) => {
    const family = { name: 'f', help: 'h', type: 'gauge', values: [{ value: value as number, labels: {} }] };
    register.registerMetric({ name: 'f', get: () => family });
    const bodyIn = async (accept: string): Promise<Buffer> =>
      (await register.exposition({ accept, openMetrics: true })).body;

    expect(`${await bodyIn('application/openmetrics-text')}`).toContain(`\nf ${expected}\n`);
    expect(`${await bodyIn('application/openmetrics-text;version=2.0.0')}`).toContain(`\nf ${expected}\n`);
    const [decoded] = decodedFamilies(await bodyIn(protobuf));
    expect(decoded?.metrics[0]?.fields.get(1)).toEqual([expected]);
  },
);

describe('the names of an exposition', () => {
  test('choose families by the names of their metrics, foreign ones too', async () => {
    new Counter({ name: 'a_total', help: 'h' }).inc();
    new Histogram({ name: 'b', help: 'h', buckets: [1] }).observe(1);
    new Gauge({ name: 'c', help: 'h' }).set(1);
    const foreign = (name: string) => ({
      name,
      get: () => ({ name, help: 'h', type: 'gauge', values: [{ value: 1, labels: {} }] }),
    });
    register.registerMetric(foreign('d'));
    register.registerMetric(foreign('e'));
    const namesIn = async (names: string[]): Promise<string[]> => {
      const { body } = await register.exposition({ names, openMetrics: true });
      return [...body.toString().matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
    };

    expect(await namesIn(['d', 'b', 'a_total'])).toEqual(['a_total', 'b', 'd']);
    expect(await namesIn(['c'])).toEqual(['c']);
    expect(await namesIn(['b_count', 'none'])).toEqual([]);
  });
});

describe('a metric that cannot be read', () => {
  const broken = (): void => {
    new Counter({ name: 'sound_total', help: 'h' }).inc();
    register.registerMetric({
      name: 'broken',
      get: () => {
        throw new Error('no connection');
      },
    });
  };

  test('rejects the exposition', async () => {
    broken();
    await expect(register.exposition()).rejects.toThrow('no connection');
  });

  test('is left out, and its error reported, with onError', async () => {
    broken();
    const errors: unknown[] = [];
    const { body } = await register.exposition({ onError: (error) => errors.push(error) });

    expect(body.toString()).toContain('sound_total 1');
    expect(errors).toEqual([new Error('no connection')]);
  });
});
