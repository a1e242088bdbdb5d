import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import {
  Counter,
  Gauge,
  type GroupRegistry,
  Histogram,
  openMetricsContentType,
  Registry,
  Summary,
} from '../../src/index';
import { hasNoClash, judged, openMetricsProblem } from '../judges/openmetrics/index';
import { fill, randomMetrics } from '../judges/random-registry';
import { findPythonClient } from '../oracle/python';

const directory = mkdtempSync(join(tmpdir(), 'openmetrics-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** A shared registry is rendered by the addon, a private one in JavaScript. */
const kinds: readonly [kind: string, make: () => GroupRegistry<typeof openMetricsContentType>][] = [
  ['shared', () => new Registry(openMetricsContentType, { name: 'openmetrics' })],
  ['private', () => new Registry(openMetricsContentType, { shared: false })],
];

const made: GroupRegistry<typeof openMetricsContentType>[] = [];
afterEach(() => {
  for (const registry of made.splice(0)) registry.clear();
});

async function textOf(registry: GroupRegistry<typeof openMetricsContentType>): Promise<string> {
  return judged((await registry.exposition({ accept: 'application/openmetrics-text' })).body.toString());
}

describe.each(kinds)('OpenMetrics 1.0 of a %s registry', (_, make) => {
  const open = (): GroupRegistry<typeof openMetricsContentType> => {
    const registry = make();
    made.push(registry);
    return registry;
  };

  test('has all types as the specification has them', async () => {
    const registry = open();
    const registers = [registry];
    registry.setDefaultLabels({ zone: 'a "b"\n\\' });
    new Counter({ name: 'a_total', help: 'A "counter".', registers, labelNames: ['l'] }).inc({ l: 'x' }, 2);
    new Counter({ name: 'plain', help: 'h', registers }).inc(1e21);
    new Gauge({ name: 'g', help: 'h', registers }).set(NaN);
    const histogram = new Histogram({ name: 'h', help: 'h', registers, buckets: [0.00001, 1, 2.5e6] });
    for (const value of [0.5, 3]) histogram.observe(value);
    const summary = { help: 'h', registers, percentiles: [0.5, 1] };
    new Summary({ name: 's', ...summary }).observe(3);
    new Summary({ name: 'none', ...summary });

    const zone = String.raw`zone="a \"b\"\n\\"`;
    expect(await textOf(registry)).toBe(`# TYPE a counter
# HELP a A \\"counter\\".
a_total{l="x",${zone}} 2
# TYPE plain unknown
# HELP plain h
plain{${zone}} 1e+21
# TYPE g gauge
# HELP g h
g{${zone}} NaN
# TYPE h histogram
# HELP h h
h_bucket{le="1e-05",${zone}} 0
h_bucket{le="1.0",${zone}} 1
h_bucket{le="2.5e+06",${zone}} 2
h_bucket{le="+Inf",${zone}} 2
h_sum{${zone}} 3.5
h_count{${zone}} 2
# TYPE s summary
# HELP s h
s{quantile="0.5",${zone}} 3
s{quantile="1.0",${zone}} 3
s_sum{${zone}} 3
s_count{${zone}} 1
# TYPE none summary
# HELP none h
none{quantile="0.5",${zone}} NaN
none{quantile="1.0",${zone}} NaN
none_sum{${zone}} 0
none_count{${zone}} 0
# EOF
`);
  });

  test('has the unit of a metric whose name ends with it', async () => {
    const registry = open();
    const config = { help: 'h', unit: 'seconds', registers: [registry] };
    new Counter({ name: 'cpu_seconds_total', ...config });
    new Gauge({ name: 'age_seconds', ...config });
    new Gauge({ name: 'age', ...config });
    new Counter({ name: 'seconds_of_cpu', ...config });

    expect((await textOf(registry)).match(/^# UNIT .*$/gm)).toEqual([
      '# UNIT cpu_seconds seconds',
      '# UNIT age_seconds seconds',
    ]);
  });

  test('has no sum and count beside negative bounds, or where the sum is negative', async () => {
    const registry = open();
    const registers = [registry];
    new Histogram({ name: 'below', help: 'h', registers, buckets: [-1, 1] }).observe(0);
    new Histogram({ name: 'sum', help: 'h', registers, buckets: [1] }).observe(-1);
    const summary = new Summary({ name: 's', help: 'h', registers, percentiles: [0, 1] });
    for (const value of [-3, 1]) summary.observe(value);

    const text = await textOf(registry);
    expect(text).not.toMatch(/^(below|sum)_(sum|count)/m);
    expect(text).toContain('\ns{quantile="1.0"} 1\ns_count 2\n');
  });

  test('has a counter whose name without _total is taken as unknown, without exemplars', async () => {
    const registry = open();
    const registers = [registry];
    new Gauge({ name: 'jobs', help: 'h', registers }).set(1);
    const counter = new Counter({ name: 'jobs_total', help: 'h', enableExemplars: true, registers });
    counter.inc({ value: 1, exemplarLabels: { trace_id: 'x' } });

    expect(await textOf(registry)).toContain(
      '# TYPE jobs_total unknown\n# HELP jobs_total h\njobs_total 1\n',
    );
  });

  test('has start times of counters, histograms and summaries where they are asked for', async () => {
    const registry = open();
    const config = { help: 'h', labelNames: ['l'], registers: [registry] };
    new Counter({ name: 'a_total', ...config }).inc({ l: 'x' });
    new Counter({ name: 'plain', ...config }).inc({ l: 'x' });
    new Gauge({ name: 'g', ...config }).set({ l: 'x' }, 1);
    new Histogram({ name: 'h', buckets: [-1], ...config }).observe({ l: 'x' }, 1);
    new Summary({ name: 's', percentiles: [], ...config }).observe({ l: 'x' }, 1);
    // Its name is that of such a sample.
    new Histogram({ name: 'b', ...config }).observe({ l: 'x' }, 1);
    new Gauge({ name: 'b_created', ...config });
    const accept = 'application/openmetrics-text';
    const text = judged((await registry.exposition({ accept, createdSamples: true })).body.toString());

    expect(
      text.match(/^\w+_created.*$/gm)?.map((line) => line.replace(/ 1\d{9}(\.\d{1,3})?$/, ' T')),
    ).toEqual(['a_created{l="x"} T', 'h_created{l="x"} T', 's_created{l="x"} T']);
    expect(text.replace(/^\w+_created\{.*\n/gm, '')).toBe(await textOf(registry));
  });

  test('has no bound twice, and none that OpenMetrics does not know', async () => {
    const registry = open();
    const registers = [registry];
    new Histogram({ name: 'h', help: 'h', registers, buckets: [1, 1, Infinity] }).observe(2);
    new Summary({ name: 's', help: 'h', registers, percentiles: [0.5, 0.5, 2] }).observe(1);

    const text = await textOf(registry);
    expect(text).toContain('\nh_bucket{le="1.0"} 0\nh_bucket{le="+Inf"} 1\nh_sum 2\n');
    expect(text).toContain('\ns{quantile="0.5"} 1\ns_sum 1\n');
  });

  test('has exemplars of legal labels, up to 128 characters', async () => {
    const registry = open();
    const registers = [registry];
    const exemplar = { enableExemplars: true, registers };
    const counter = new Counter({ name: 'a_total', help: 'h', labelNames: ['l'], ...exemplar });
    const inc = (l: string, exemplarLabels: Record<string, string>): void =>
      counter.inc({ labels: { l }, value: 1, exemplarLabels });
    inc('legal', { trace_id: 'x "y"' });
    inc('illegal', { 'trace-id': 'x' });
    new Histogram({ name: 'h', help: 'h', buckets: [1], ...exemplar }).observe({
      value: 0.5,
      exemplarLabels: { trace_id: 'z' },
    });

    const text = await textOf(registry);
    expect(text).toMatch(/^a_total\{l="legal"\} 1 # \{trace_id="x \\"y\\""\} 1 \d+(\.\d+)?$/m);
    expect(text).toMatch(/^a_total\{l="illegal"\} 1$/m);
    expect(text).toMatch(/^h_bucket\{le="1\.0"\} 1 # \{trace_id="z"\} 0\.5 \d+(\.\d+)?$/m);
  });
});

test('an object as a label value is escaped in OpenMetrics', async () => {
  for (const [, make] of kinds) {
    const registry = make();
    made.push(registry);
    const gauge = new Gauge({ name: 'g', help: 'h', labelNames: ['l'], registers: [registry] });
    gauge.set({ l: ['"'] } as never, 1);

    expect(await textOf(registry)).toContain('g{l="\\""} 1\n');
  }
});

describe('any registry', () => {
  test('is accepted by the grammar and the rules of the specification', async () => {
    await forRandomRegistries(80, (text) => expect(openMetricsProblem(text, 1), text).toBeUndefined());
  });

  const python = findPythonClient()?.python;
  test.skipIf(python === undefined)('is accepted by Python’s strict parser', async () => {
    const files: string[] = [];
    await forRandomRegistries(60, (text) => {
      // The parser takes the first brace in an exemplar for the end of its labels, also one in a value.
      if (!hasNoClash(text) || / # \{.*\}.*\}/.test(text)) return;
      const file = join(directory, `${files.length}.txt`);
      files.push(file);
      writeFileSync(file, text);
    });
    expect(files.length).toBeGreaterThan(50);
    expect(execFileSync(python as string, ['-c', judge, ...files], { encoding: 'utf8' })).toBe('');
  });
});

async function forRandomRegistries(numRuns: number, look: (text: string) => void): Promise<void> {
  await fc.assert(
    fc.asyncProperty(randomMetrics, async (metrics) => {
      for (const [, make] of kinds) {
        const registry = make();
        made.push(registry);
        fill(registry, metrics);
        const { body } = await registry.exposition({ accept: 'application/openmetrics-text' });
        look(body.toString());
        registry.clear();
      }
    }),
    { numRuns },
  );
}

const judge = `
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
for name in sys.argv[1:]:
    text = open(name, newline='').read()
    try:
        list(parse(text))
    except ValueError as error:
        print(error, text)
`;
