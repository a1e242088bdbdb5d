import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import {
  Counter,
  Gauge,
  Histogram,
  openMetricsContentType,
  Registry,
  register,
  Summary,
} from '../../src/index';
import { type Numbers, numbersOfOpenMetrics2, numbersOfProtobuf, numbersOfText } from '../judges/numbers';
import { judged } from '../judges/openmetrics/index';
import { type AnyRegistry, fill, randomMetrics } from '../judges/random-registry';

const accept = 'application/openmetrics-text;version=2.0.0';
const protobuf = Registry.PROMETHEUS_PROTOBUF_CONTENT_TYPE;

/** A shared registry is rendered by the addon, a private one in JavaScript. */
const kinds: readonly [kind: string, make: () => AnyRegistry][] = [
  ['shared', () => new Registry(openMetricsContentType, { name: 'openmetrics 2' })],
  ['private', () => new Registry(openMetricsContentType, { shared: false })],
];

const made: AnyRegistry[] = [];
afterEach(() => {
  for (const registry of made.splice(0)) registry.clear();
});

function open(make: () => AnyRegistry): AnyRegistry {
  const registry = make();
  made.push(registry);
  return registry;
}

async function textOf(registry: AnyRegistry): Promise<string> {
  return judged((await registry.exposition({ accept })).body.toString(), 2);
}

/** With times that are the same each time. */
function withoutTimes(text: string): string {
  return text.replace(/ st@[\d.]+/g, ' st@T').replace(/(\} \S+) 1[5-9]\d{8}(\.\d+)?/g, '$1 T');
}

describe.each(kinds)('OpenMetrics 2.0 of a %s registry', (_, make) => {
  test('has one sample for each series, with start times and exemplars', async () => {
    const registry = open(make);
    const registers = [registry];
    registry.setDefaultLabels({ zone: 'a "b"\n\\' });
    const exemplars = { enableExemplars: true, registers };
    new Counter({ name: 'cpu_seconds_total', help: 'A "counter".', unit: 'seconds', ...exemplars }).inc({
      value: 2,
      exemplarLabels: { trace_id: 'x' },
    });
    new Counter({ name: 'plain', help: 'h', registers }).inc(1e21);
    new Gauge({ name: 'g', help: 'h', labelNames: ['l'], registers }).set({ l: 'x' }, NaN);
    const histogram = new Histogram({ name: 'h', help: 'h', buckets: [0.00001, 1, 2.5e6], ...exemplars });
    for (const value of [0.5, 3]) histogram.observe({ value, exemplarLabels: { id: `${value}` } });
    new Summary({ name: 's', help: 'h', percentiles: [1, 0.5], registers }).observe(3);
    new Summary({ name: 'none', help: 'h', percentiles: [0.5], registers });

    const zone = String.raw`{zone="a \"b\"\n\\"}`;
    expect(withoutTimes(await textOf(registry))).toBe(`# TYPE cpu_seconds_total counter
# UNIT cpu_seconds_total seconds
# HELP cpu_seconds_total A \\"counter\\".
cpu_seconds_total${zone} 2 st@T # {trace_id="x"} 2 T
# TYPE plain counter
# HELP plain h
plain${zone} 1e+21 st@T
# TYPE g gauge
# HELP g h
g{l="x",${zone.slice(1)} NaN
# TYPE h histogram
# HELP h h
h${zone} {count:2,sum:3.5,bucket:[1e-05:0,1.0:1,2.5e+06:2,+Inf:2]} st@T # {id="0.5"} 0.5 T # {id="3"} 3 T
# TYPE s summary
# HELP s h
s${zone} {count:1,sum:3,quantile:[0.5:3,1.0:3]} st@T
# TYPE none summary
# HELP none h
none${zone} {count:0,sum:0,quantile:[0.5:NaN]} st@T
# EOF
`);
  });

  test('has exponential buckets, beside classic ones or alone', async () => {
    const registry = open(make);
    const config = { help: 'h', nativeHistogramBucketFactor: 1.1, registers: [registry] };
    const both = new Histogram({ name: 'both', buckets: [1], ...config });
    for (const value of [0, 1, 1, 1.2, 100, -3]) both.observe(value);
    new Histogram({ name: 'only', buckets: [], ...config }).observe(0.5);
    new Histogram({ name: 'empty', buckets: [], ...config });

    const threshold = 'zero_threshold:2.938735877055719e-39';
    expect(withoutTimes(await textOf(registry)).match(/^\w.*$/gm)).toEqual([
      `both {count:6,sum:100.2,schema:3,${threshold},zero_count:1,negative_spans:[13:1],negative_buckets:[1],` +
        'positive_spans:[0:1,2:1,50:1],positive_buckets:[2,1,1],bucket:[1.0:4,+Inf:6]} st@T',
      `only {count:1,sum:0.5,schema:3,${threshold},zero_count:0,positive_spans:[-8:1],positive_buckets:[1]} st@T`,
      `empty {count:0,sum:0,schema:3,${threshold},zero_count:0} st@T`,
    ]);
  });

  test('has names in quotation marks, unless the reader asks for another scheme', async () => {
    const registry = open(make);
    const config = { help: 'h', nameValidation: 'utf8' as const, registers: [registry] };
    new Counter({ name: 'http.requests_total', labelNames: ['service.name'], ...config }).inc({
      'service.name': 'a',
    });
    new Histogram({ name: 'größe "x"', buckets: [1], ...config }).observe(2);

    expect(withoutTimes(await textOf(registry))).toBe(`# TYPE "http.requests_total" counter
# HELP "http.requests_total" h
{"http.requests_total","service.name"="a"} 1 st@T
# TYPE "größe \\"x\\"" histogram
# HELP "größe \\"x\\"" h
{"größe \\"x\\""} {count:1,sum:2,bucket:[1.0:0,+Inf:1]} st@T
# EOF
`);
    const { contentType, body } = await registry.exposition({ accept: `${accept};escaping=underscores` });
    expect(contentType).toBe(
      'application/openmetrics-text; version=2.0.0; charset=utf-8; escaping=underscores',
    );
    expect(judged(body.toString(), 2)).toContain('\nhttp_requests_total{service_name="a"} 1 st@');
  });

  test('leaves out what the specification forbids', async () => {
    const registry = open(make);
    const registers = [registry];
    const summary = new Summary({ name: 's', help: 'h', registers, percentiles: [0, 1, 2] });
    for (const value of [-3, 5]) summary.observe(value);
    new Summary({ name: 'below', help: 'h', registers }).observe(-1);
    new Histogram({ name: 'h', help: 'h', registers, buckets: [-1, 1, Infinity] }).observe(-2);
    registry.registerMetric({
      name: 'foreign_total',
      get: () => ({
        name: 'foreign_total',
        help: 'h',
        type: 'counter',
        values: [{ value: NaN, labels: {} }],
      }),
    });

    expect(withoutTimes(await textOf(registry)).match(/^\w.*$/gm)).toEqual([
      's {count:2,sum:2,quantile:[1.0:5]} st@T',
      'h {count:1,sum:-2,bucket:[-1.0:1,1.0:1,+Inf:1]} st@T',
    ]);
  });

  test('is only for a reader that names it, where OpenMetrics is offered', async () => {
    const registry = open(make);
    const typeFor = async (header: string, openMetrics?: boolean): Promise<string> =>
      (await registry.exposition({ accept: header, openMetrics })).contentType;

    expect(await typeFor(accept)).toBe('application/openmetrics-text; version=2.0.0; charset=utf-8');
    expect(await typeFor('application/openmetrics-text')).toBe(openMetricsContentType);
    expect(await typeFor('*/*')).toMatch(/^text\/plain/);
    expect(await typeFor(accept, false)).toMatch(/^text\/plain/);
    expect((await registry.exposition({ accept })).body.toString()).toBe('# EOF\n');
  });
});

test('the addon and JavaScript write the same, with foreign metrics and in a merged registry', async () => {
  const [shared, own] = kinds.map(([, make]) => open(make)) as [AnyRegistry, AnyRegistry];
  const created = 1.6e12;
  for (const registry of [shared, own]) {
    const registers = [registry];
    new Histogram({ name: 'h', help: 'h', nativeHistogramBucketFactor: 1.1, registers }).observe(1);
    const values = [{ value: 1, labels: { l: 'x' }, created }];
    registry.registerMetric({
      name: 'c_total',
      get: () => ({ name: 'c_total', help: 'h', type: 'counter', values }),
    });
  }
  const text = await textOf(shared);
  expect(text).toContain('\nc_total{l="x"} 1 st@1600000000\n');
  expect(withoutTimes(await textOf(own))).toBe(withoutTimes(text));

  const merged = Registry.merge([shared, own].slice(0, 1) as never) as unknown as AnyRegistry;
  merged.setDefaultLabels({ zone: 'z' });
  const start = /^h .* (st@\S+)$/m.exec(text)?.[1];
  expect((await textOf(merged)).replace(/,?zone="z"/g, '').replace(/\{\} /g, ' ')).toContain(` ${start}\n`);
  merged.clear();
});

test('60,000 buckets take OpenMetrics about as long as the text format', async () => {
  const register = new Registry(undefined, { name: 'many buckets' });
  const buckets = Array.from({ length: 60_000 }, (_, i) => i + 1);
  new Histogram({ name: 'h', help: 'h', buckets, registers: [register] }).observe(5);
  const milliseconds = async (accept: string): Promise<number> => {
    const times: number[] = [];
    for (let i = 0; i < 3; i++) {
      const start = performance.now();
      await register.exposition({ accept, openMetrics: true, compress: false });
      times.push(performance.now() - start);
    }
    return Math.min(...times);
  };
  const text = await milliseconds('text/plain');

  for (const version of ['1.0.0', '2.0.0']) {
    expect(await milliseconds(`application/openmetrics-text; version=${version}`)).toBeLessThan(10 * text);
  }
});

test('lists of several programs that become one have the earliest start time of each series', async () => {
  const listOf = (created: number, value: number): object[] => [
    {
      name: 'c_total',
      help: 'h',
      type: 'counter',
      aggregator: 'sum',
      values: [{ value, labels: {}, created }],
    },
  ];
  const registry = Registry.aggregate([listOf(1.7e12, 1), listOf(1.6e12, 2)], openMetricsContentType);

  expect(await textOf(registry)).toContain('\nc_total 3 st@1600000000\n');
});

describe('any registry', () => {
  test('is accepted by the grammar and the rules, and has the same numbers in all formats', async () => {
    await fc.assert(
      fc.asyncProperty(randomMetrics, async (metrics) => {
        const bodies: string[] = [];
        for (const [, make] of kinds) {
          const registry = open(make);
          fill(registry, metrics);
          const body = async (header: string): Promise<Buffer> =>
            (await registry.exposition({ accept: header })).body as Buffer;
          const two = judged((await body(accept)).toString(), 2);
          bodies.push(withoutTimes(two));
          const text = numbersOfText((await body('text/plain')).toString());
          const one = numbersOfText((await body('application/openmetrics-text')).toString());
          const binary = numbersOfProtobuf(await body(protobuf));
          expectPart(one, text);
          const composite = numbersOfOpenMetrics2(two);
          expectPart(composite, new Map([...text, ...binary]));
          expectPart(binary, new Map([...text, ...composite]), (key) => isLeftOut(key, composite));
          registry.clear();
        }
        expect(bodies[1]).toBe(bodies[0]);
      }),
      { numRuns: 100 },
    );
  });
});

/** All that the one says the other says, too. */
function expectPart(
  part: Numbers,
  whole: Numbers,
  isLeftOutOf: (key: string) => boolean = () => false,
): void {
  for (const [key, value] of part) {
    if (!isLeftOutOf(key)) expect([key, whole.get(key)]).toEqual([key, value]);
  }
}

/** Whether the key is about a series that the specification forbids, and says what the text format does not. */
function isLeftOut(key: string, numbers: Numbers): boolean {
  const [, name = '', labels = ''] = /^([^[ ]*) [^[]*(\[.*)$/s.exec(key) ?? [];
  return name !== '' && !numbers.has(name + labels) && !numbers.has(`${name}_sum${labels}`);
}

afterEach(() => register.clear());
