import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Registry } from '../../src/registry/registry';
import { Bridge } from '../../src/statsd/bridge';
import type { Counts, EventError } from '../../src/statsd/counts';
import { noMapping, readMapping } from '../../src/statsd/mapping';

const mapping = readMapping(
  `
mappings:
  - { match: large.*, name: large, scale: 1e300 }
  - { match: native.*, name: native, observer_type: histogram, histogram_options: { native_histogram_bucket_factor: 1.1 } }
  - { match: '(\\w*)_(\\w*)', match_type: regex, name: '$1', labels: { b: '$2' } }
`,
  'mapping.yml',
);

function countsOf(errors: EventError[]): Counts {
  return new Proxy({} as Counts, {
    get: (_target, name) => (reason: EventError) => name === 'eventsError' && errors.push(reason),
  });
}

function registryOf(shared: boolean): Registry {
  return new Registry(
    'text/plain; version=0.0.4; charset=utf-8',
    shared ? { name: 'any line' } : { shared: false },
  );
}

const piece = fc.constantFrom(
  ...[
    'large.a',
    'native.b',
    'a_b',
    '_',
    'a',
    'le',
    '__name__',
    '1',
    '\ud800',
    '\0',
    'constructor',
    '__proto__',
  ],
  ...[':', ':', '|', '|', '|#', ',', '=', '[', ']', '#', '@', '\n', '\r', ' ', '+', '-', '.'],
  ...['1', '0', '-0', '1e308', '1e-320', 'NaN', 'Inf', '-Inf', '+Inf', '1e999', '0x1p-2', '0.0001'],
  ...['c', 'g', 'ms', 'h', 'd', 's', '_e{1,1}', '_sc', 'c:', 'T1'],
);
const anyLine = fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(''));
const sample = fc
  .tuple(
    fc.constantFrom('large.a', 'native.b', 'a_b', 'x', 'le'),
    fc.constantFrom('1', '-1', '+1', '1e308', 'NaN', 'Inf', '-Inf', '+Inf'),
    fc.constantFrom('c', 'g', 'ms', 'h', 'd'),
    fc.constantFrom(
      '',
      '|@0.1',
      '|@1e-9',
      '|@Inf',
      '|@-1',
      '|@NaN',
      '|#le:1',
      '|#quantile:1',
      '|#__proto__:1',
    ),
  )
  .map(([name, value, type, rest]) => `${name}:${value}|${type}${rest}`);

test.each(['summary', 'histogram'] as const)(
  'no packet makes the listener throw: %s',
  async (observerType) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(sample, anyLine), { maxLength: 12 }), async (lines) => {
        const registry = registryOf(false);
        const bridge = new Bridge(registry, mapping, observerType, countsOf([]));
        bridge.packet(lines.join('\n'));

        bridge.packet('after:1|c');
        expect(await registry.metrics()).toMatch(/^after \d+$/m);
      }),
      { numRuns: 300 },
    );
  },
);

test.each(['ms', 'h', 'd'])(
  'an observation of %s that no sum can take is an error, and others count on',
  async (type) => {
    const registry = registryOf(true);
    const errors: EventError[] = [];
    const bridge = new Bridge(registry, noMapping, 'histogram', countsOf(errors));
    for (const value of ['1000', 'NaN', 'Inf', '-Inf', '+Inf', '2000'])
      bridge.packet(`t_${type}:${value}|${type}`);

    expect(errors).toEqual(Array(4).fill('illegal_value'));
    expect(await registry.metrics()).toContain(
      `\nt_${type}_sum ${type === 'ms' ? 3 : 3000}\nt_${type}_count 2\n`,
    );
  },
);

test('a tag that would make a scraper refuse the exposition is an error', async () => {
  const registry = registryOf(true);
  const errors: EventError[] = [];
  new Bridge(registry, noMapping, 'histogram', countsOf(errors)).packet(
    'named:1|c|#__name__:x\nnamed:2|c|#__a:x',
  );

  expect(errors).toEqual(['illegal_label']);
  expect(await registry.metrics()).toContain('\nnamed{__a="x"} 2\n');
  expect(await registry.metrics()).not.toContain('__name__');
});
