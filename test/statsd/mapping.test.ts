// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are templates of mapping files.
// Mapping files beside those of statsd-exporter.json: the rules are statsd_exporter's (pkg/mapper).
import { describe, expect, test } from 'vitest';
import { readMapping } from '../../src/statsd/mapping';
import { Matcher } from '../../src/statsd/matcher';

const ruleOf = (match: string, more = ''): string => `mappings:\n- match: ${match}\n  name: n\n${more}`;
const found = (file: string, name: string) => new Matcher(readMapping(file, 'm.yml')).find(name, 'counter');
const labels = (match: string, text: string, more = ''): string =>
  ruleOf(match, `${more}  labels: { label: '${text}' }\n`);
const regex = '  match_type: regex\n';

describe('a glob', () => {
  test.each([
    ['a.1b.*', 'a.1b.c'],
    ['a.99.x', 'a.99.x'],
    ['a.b--c-.*', 'a.b--c-.d'],
    ["'*'", 'a'],
    ['a', 'a'],
  ])('%s fits %s', (match, name) => {
    expect(found(ruleOf(match), name)?.name).toBe('n');
  });

  test.each(['1a.b', 'a.*b', 'a..b', 'a.', '-a.b'])('%s is refused', (match) => {
    expect(() => readMapping(ruleOf(match), 'm.yml')).toThrow('Expected components');
  });
});

describe('a reference', () => {
  test.each([
    ['$1', 'x'],
    ['${1}_total', 'x_total'],
    ['$1_total', ''],
    ['$1-$2', 'x-y'],
    ['$3', ''],
    ['$0', ''],
    ['costs $', 'costs $'],
  ])('of a glob, %s, is "%s"', (text, expected) => {
    expect(found(labels('a.*.*', text), 'a.x.y')?.labels).toEqual({ label: expected });
  });

  test.each([
    ['$1', 'x'],
    ['$first', 'x'],
    ['${first}s', 'xs'],
    ['$firsts', ''],
    ['$$1', '$1'],
    ['$0', 'a.x'],
    ['$2', ''],
  ])('of a regular expression, %s, is "%s"', (text, expected) => {
    const match = "'a\\.(?P<first>\\w+)(z)?'";
    expect(found(labels(match, text, regex), 'a.x')?.labels).toEqual({ label: expected });
  });

  test('without a capture is a warning that tells how to end a number', () => {
    const { warnings } = readMapping(labels('a.*', '$1_total'), 'm.yml');

    expect(warnings).toEqual([
      'm.yml:4: $1_total is empty: the match has no such capture; ${1} in braces ends the number there',
    ]);
    expect(readMapping(labels("'a(b)?'", '$1 $0', regex), 'm.yml').warnings).toEqual([]);
  });
});

describe('a regular expression of Go', () => {
  test.each([
    ['\\Aab[[:digit:]]+\\z', 'ab12'],
    ['^a[^[:space:]]c$', 'abc'],
    ['(?i)AB', 'xaby'],
    ['^(?i)AB', 'aby'],
    ['a\\.b\\-c', 'a.b-c'],
  ])('%s fits %s', (match, name) => {
    expect(found(ruleOf(`'${match}'`, regex), name)?.name).toBe('n');
  });

  test.each(['\\Qa\\E', 'a\\pL', '(a)\\1', 'a(?=b)', '(?<!a)b', '\\x{41}', '[[:nonsense:]]', '(?U)a'])(
    '%s, which JavaScript has not or means another thing by, is refused',
    (match) => {
      expect(() => readMapping(ruleOf(`'${match}'`, regex), 'm.yml')).toThrow(
        'Expected a regular expression',
      );
    },
  );
});

test('a rule with a ttl of 0 has that of the defaults', () => {
  const { rules } = readMapping(`defaults: { ttl: 1h }\n${ruleOf('a.*', '  ttl: 0\n')}`, 'm.yml');

  expect(rules[0]?.ttlSeconds).toBe(3600);
});

test('defaults may have options of both types, and a rule those of its own type only', () => {
  const quantiles = 'summary_options: { quantiles: [{ quantile: 0.9, error: 0.1 }] }';
  const both = `defaults:\n  observer_type: summary\n  histogram_options: { buckets: [1, 2, .inf] }\n  ${quantiles}\n`;

  expect(readMapping(both + ruleOf('a.*'), 'm.yml').observer).toMatchObject({
    type: 'summary',
    buckets: [1, 2],
    quantiles: [0.9],
  });
  expect(() =>
    readMapping(`defaults: { observer_type: histogram }\n${ruleOf('a.*', `  ${quantiles}\n`)}`, 'm.yml'),
  ).toThrow('Expected no summary_options, because the observer is a histogram at m.yml:5');
  expect(() =>
    readMapping(ruleOf('a.*', `  ${quantiles}\n  quantiles: [{ quantile: 0.5, error: 0.1 }]\n`), 'm.yml'),
  ).toThrow('Expected quantiles in one place, in the options of the observer at m.yml:5');
});

test('texts that look like numbers or flags are as they are written, and keys may be merged', () => {
  const { rules, warnings } = readMapping(
    `defaults: &defaults
  ttl: 1h
mappings:
  - match: 1.10
    match_type: regex
    name: n
    help: 0x10
    labels: &labels { a: 1.10, b: 007, c: True, d: 1e3, e: '1.0', f: x }
    scale: 0.50
  - { match: m, name: m, labels: { <<: *labels, f: 2.0 }, <<: *defaults }
`,
    'm.yml',
  );

  const labels = { a: '1.10', b: '007', c: 'True', d: '1e3', e: '1.0', f: 'x' };
  expect(rules).toMatchObject([
    { match: '1.10', help: '0x10', labels, scale: 0.5 },
    { match: 'm', labels: { ...labels, f: '2.0' }, ttlSeconds: 3600 },
  ]);
  expect(warnings).toEqual([]);
});

test('a label without a value is empty', () => {
  expect(found(ruleOf('a.*', '  labels: { label: }\n'), 'a.b')?.labels).toEqual({ label: '' });
});
