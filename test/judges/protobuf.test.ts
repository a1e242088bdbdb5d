import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { protobufFamilies } from '../../src/exposition/protobuf';
import {
  Counter,
  Gauge,
  type GroupRegistry,
  Histogram,
  openMetricsContentType,
  Registry,
  Summary,
} from '../../src/index';

type OwnRegistry = GroupRegistry<typeof openMetricsContentType>;

const accept =
  'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,text/plain;q=0.3';
const contentType =
  'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';

const made: OwnRegistry[] = [];
afterEach(() => {
  for (const registry of made.splice(0)) registry.clear();
});

/** One of the addon and one of JavaScript. */
function registries(): OwnRegistry[] {
  const both = [
    new Registry(openMetricsContentType, { name: 'protobuf' }),
    new Registry(openMetricsContentType, { shared: false }),
  ];
  made.push(...both);
  return both;
}

const hasProtoc = spawnSync('protoc', ['--version']).status === 0;
const missing = 'protoc is not installed (Debian: apt-get install protobuf-compiler)';

/** The text of protoc, without the times at which series were made. */
async function decoded(registry: OwnRegistry): Promise<string> {
  const exposition = await registry.exposition({ accept });
  expect(exposition.contentType).toBe(contentType);
  const { body } = exposition;
  // Each length gets the tag of a field.
  const stream = [...protobufFamilies(body).values()].flatMap((family) => [Buffer.from([10]), family]);
  const { status, stdout, stderr } = spawnSync(
    'protoc',
    ['-I', __dirname, '--decode', 'io.prometheus.client.Exposition', 'metrics.proto'],
    { input: Buffer.concat(stream), encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout.replace(/\n *created_timestamp \{[^}]*\}/g, '');
}

describe('Protobuf', () => {
  test('is decoded by protoc, with everything that was counted', async ({ skip }) => {
    if (!hasProtoc) return skip(missing);
    for (const registry of registries()) {
      const registers = [registry];
      registry.setDefaultLabels({ zone: 'a' });
      new Counter({ name: 'c_total', help: 'A counter.', labelNames: ['l'], registers }).inc(
        { l: 'é"\n' },
        2.5,
      );
      new Gauge({ name: 'g', help: 'h', registers }).set(-1);
      new Summary({ name: 's', help: 'h', percentiles: [0.5], registers }).observe(3);
      const histogram = { help: 'h', registers };
      new Histogram({ name: 'h', buckets: [1, 2], ...histogram }).observe(1.5);
      const native = { nativeHistogramBucketFactor: 1.1, ...histogram };
      const both = new Histogram({ name: 'both', buckets: [1], ...native });
      for (const value of [0, 1, 1, 1.2, 100, -3]) both.observe(value);
      new Histogram({ name: 'none', buckets: [], ...native });

      expect(await decoded(registry)).toBe(everything);
    }
  });

  test('has exemplars of counters, classic buckets and native histograms', async ({ skip }) => {
    if (!hasProtoc) return skip(missing);
    for (const registry of registries()) {
      const config = { help: 'h', enableExemplars: true, registers: [registry] };
      const exemplarLabels = { trace_id: 'x' };
      new Counter({ name: 'c_total', ...config }).inc({ value: 2, exemplarLabels });
      const native = { buckets: [1], nativeHistogramBucketFactor: 1.1 };
      new Histogram({ name: 'h', ...native, ...config }).observe({ value: 3, exemplarLabels });
      const text = (await decoded(registry)).replace(/(seconds|nanos): \d+/g, '$1');

      const exemplar = (value: number): string =>
        `{ label { name: "trace_id" value: "x" } value: ${value} timestamp { seconds nanos } }`;
      expect(text.replace(/\s+/g, ' ')).toContain(`counter { value: 2 exemplar ${exemplar(2)} }`);
      expect(text.replace(/\s+/g, ' ')).toContain(
        `bucket { cumulative_count: 1 upper_bound: inf exemplar ${exemplar(3)} }`,
      );
      expect(text.replace(/\s+/g, ' ')).toContain(`exemplars ${exemplar(3)}`);
    }
  });

  test('is the same from the addon and from JavaScript, for any numbers', async ({ skip }) => {
    if (!hasProtoc) return skip(missing);
    // A sum of -0 alone is 0 in the addon.
    const value = fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0);
    await fc.assert(
      fc.asyncProperty(
        fc.array(value, { maxLength: 40 }),
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom(1.003, 1.1, 2, 65536),
        async (values, text, nativeHistogramBucketFactor) => {
          const [first, second] = await Promise.all(
            registries().map(async (registry) => {
              const config = { help: 'h', labelNames: ['l'], registers: [registry] };
              const histogram = new Histogram({
                name: 'h',
                ...config,
                buckets: [-1, 1],
                nativeHistogramBucketFactor,
              });
              const summary = new Summary({ name: 's', ...config });
              const gauge = new Gauge({ name: 'g', ...config });
              for (const one of values) {
                histogram.observe({ l: text }, one);
                summary.observe({ l: text }, one);
                gauge.set({ l: text }, one);
              }
              const result = await decoded(registry);
              registry.clear();
              return result;
            }),
          );

          expect(first).toBe(second);
        },
      ),
      { numRuns: 15 },
    );
  });
});

const everything = String.raw`family {
  name: "c_total"
  help: "A counter."
  type: COUNTER
  metric {
    label {
      name: "l"
      value: "\303\251\"\n"
    }
    label {
      name: "zone"
      value: "a"
    }
    counter {
      value: 2.5
    }
  }
}
family {
  name: "g"
  help: "h"
  type: GAUGE
  metric {
    label {
      name: "zone"
      value: "a"
    }
    gauge {
      value: -1
    }
  }
}
family {
  name: "s"
  help: "h"
  type: SUMMARY
  metric {
    label {
      name: "zone"
      value: "a"
    }
    summary {
      sample_count: 1
      sample_sum: 3
      quantile {
        quantile: 0.5
        value: 3
      }
    }
  }
}
family {
  name: "h"
  help: "h"
  type: HISTOGRAM
  metric {
    label {
      name: "zone"
      value: "a"
    }
    histogram {
      sample_count: 1
      sample_sum: 1.5
      bucket {
        cumulative_count: 0
        upper_bound: 1
      }
      bucket {
        cumulative_count: 1
        upper_bound: 2
      }
    }
  }
}
family {
  name: "both"
  help: "h"
  type: HISTOGRAM
  metric {
    label {
      name: "zone"
      value: "a"
    }
    histogram {
      sample_count: 6
      sample_sum: 100.2
      bucket {
        cumulative_count: 4
        upper_bound: 1
      }
      schema: 3
      zero_threshold: 2.9387358770557188e-39
      zero_count: 1
      negative_span {
        offset: 13
        length: 1
      }
      negative_delta: 1
      positive_span {
        offset: 0
        length: 4
      }
      positive_span {
        offset: 50
        length: 1
      }
      positive_delta: 2
      positive_delta: -2
      positive_delta: 0
      positive_delta: 1
      positive_delta: 0
    }
  }
}
family {
  name: "none"
  help: "h"
  type: HISTOGRAM
  metric {
    label {
      name: "zone"
      value: "a"
    }
    histogram {
      sample_count: 0
      sample_sum: 0
      schema: 3
      zero_threshold: 2.9387358770557188e-39
      zero_count: 0
    }
  }
}
`;
