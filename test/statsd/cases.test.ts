import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Registry } from '../../src/registry/registry';
import { Bridge } from '../../src/statsd/bridge';
import type { Counts } from '../../src/statsd/counts';
import { noMapping, readMapping } from '../../src/statsd/mapping';

// What statsd_exporter 0.27.2 answered to these lines, and what it counted.
interface Case {
  readonly name: string;
  readonly lines: readonly string[];
  readonly mapping?: string;
  readonly mappingIsRejected?: boolean;
  readonly exposition?: readonly string[];
  readonly counts?: Readonly<Record<string, number>>;
}

const { cases } = JSON.parse(readFileSync(join(__dirname, 'statsd-exporter.json'), 'utf8')) as {
  readonly cases: readonly Case[];
};

/** Where we differ on purpose; docs/statsd.md has a row for each. */
const differences: Readonly<Record<string, Pick<Case, 'exposition' | 'counts'>>> = {
  'DogStatsD extras': {
    // A sample with more than four fields counts as long as all are known, as in later versions.
    exposition: ['# TYPE g counter', 'g{k="v"} 1'],
    counts: {
      'sample_errors_total:malformed_component': 3,
      'sample_errors_total:invalid_sample_factor': 8,
      'events_total:counter': 7,
      events_unmapped_total: 7,
      tags_total: 3,
    },
  },
};

/** Of the quantiles of a summary; docs/decisions/0009-summaries-are-exponential-pages.md. */
const quantileError = 0.010831;

describe('statsd_exporter answers the same to', () => {
  test.each(cases.filter(({ mappingIsRejected }) => !mappingIsRejected))('$name', async (one) => {
    const registry = new Registry('text/plain; version=0.0.4; charset=utf-8', { name: `case: ${one.name}` });
    const counted = new Map<string, number>();
    const mapping = one.mapping === undefined ? noMapping : readMapping(one.mapping, 'mapping.yml');
    new Bridge(registry, mapping, 'summary', countsIn(counted)).packet(one.lines.join('\n'));
    const different = differences[one.name];
    const expected = [...(one.exposition ?? []), ...(different?.exposition ?? [])];

    expectSame(familiesOf((await registry.metrics()).split('\n')), familiesOf(expected));
    counted.delete('lines_total');
    expect(Object.fromEntries(counted)).toEqual({ ...one.counts, ...different?.counts });
  });
});

describe('as statsd_exporter refuses it, is refused', () => {
  test.each(cases.filter(({ mappingIsRejected }) => mappingIsRejected))('$name', ({ mapping = '' }) => {
    expect(() => readMapping(mapping, 'mapping.yml')).toThrow(
      expect.objectContaining({
        code: 'ERR_STATSD_MAPPING',
        message: expect.stringMatching(/^Expected .+ at mapping\.yml:\d+, but got /),
      }),
    );
  });
});

test('all 47 cases are there', () => {
  expect(cases).toHaveLength(47);
});

/** Counts by the names of statsd_exporter. */
function countsIn(counted: Map<string, number>): Counts {
  const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return new Proxy({} as Counts, {
    get: (_target, name: string) => (label?: string) => {
      const key = `${snake(name)}_total${label === undefined ? '' : `:${label}`}`;
      counted.set(key, (counted.get(key) ?? 0) + 1);
    },
  });
}

/** The types by name, and the values by name and labels in the order of the alphabet. */
function familiesOf(lines: readonly string[]): Map<string, string | number> {
  const families = new Map<string, string | number>();
  for (const line of lines) {
    const [, name = '', type = ''] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (name !== '') families.set(`type ${name}`, type);
    const [, sample = '', labels = '', value] = /^([A-Za-z_]\w*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    const sorted = (labels.match(/\w+="(?:[^"\\]|\\.)*"/g) ?? []).sort((a, b) => (a < b ? -1 : 1));
    if (value !== undefined) families.set(`${sample}{${sorted}}`, Number(value));
  }
  return families;
}

function expectSame(found: Map<string, string | number>, expected: Map<string, string | number>): void {
  expect([...found.keys()].sort(byText)).toEqual([...expected.keys()].sort(byText));
  for (const [key, value] of expected) {
    const isQuantile = key.includes('quantile=');
    if (typeof value === 'string' || Number.isNaN(value) || !isQuantile) {
      // Sums of several observations may differ in the last digit.
      if (typeof value === 'number' && Number.isFinite(value))
        expect(found.get(key), key).toBeCloseTo(value, 12);
      else expect(found.get(key), key).toBe(value);
    } else {
      expect(Math.abs(Number(found.get(key)) - value), key).toBeLessThanOrEqual(
        Math.abs(value) * quantileError,
      );
    }
  }
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}
