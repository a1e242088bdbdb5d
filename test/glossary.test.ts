import { readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join, sep } from 'node:path';
import { expect, test } from 'vitest';

const root = join(__dirname, '..');
const sources = filesIn('src', /\.ts$/);
const native = filesIn('native', /\.(cc|h)$/);
const ownNative = native.filter((file) => !file.startsWith('native/test/'));
const documents = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...filesIn('docs', /\.md$/)];

/** The first column of the glossary. */
const glossary = [
  ...(read('docs/design.md').split(/^## /m).find(isGlossary) ?? '').matchAll(/^\| (\w[\w -]*) \|/gm),
]
  .map(([, word = '']) => word)
  .filter((word) => word !== 'word');

/** Words of Prometheus, and of programs in general, that names may have beside those of the glossary. */
const otherWords = `
  exemplar label member membership metric native scrape sketch sum
  choice chosen column context encoded file filter header heap identity idle input join kind limit live location lookup
  mapping mode name of option presence process range reason rebuild ref removal report resolved row sampling skip stat state store
  table task text thread type warning
  accumulator compacted contribution maintained maintenance merged read reader rewritten writer
`
  .trim()
  .split(/\s+/);

/** Words that stood for mechanisms which are gone, or for which the glossary has a word. */
const struckOff =
  /^(announc\w*|arrangement|bells?|budget|efforts?|factors|fold\w*|given|guests?|heirs?|holders?|ledger|meet|meetings?|miss|newcomers?|nobody|places|ring|rung|sinks?|starter|told|wastes?)$/;

/** Those of them that mean nothing else in a text about metrics. */
const coined = /\b(bells?|bell[- ]?rounds?|fold(s|ed|ing|ers?)?|guests?|heirs?|ledgers?|newcomers?)\b/i;

test('the glossary has at most 30 words, each once', () => {
  expect(glossary.length).toBeGreaterThan(20);
  expect(glossary.length).toBeLessThanOrEqual(30);
  expect(new Set(glossary).size).toBe(glossary.length);
});

test('no exported name and no file name has a word that was struck off', () => {
  const names = [
    ...[...sources, ...ownNative].map((file) => basename(file, extname(file))),
    ...sources.flatMap((file) => matches(file, /^export (?:declare |abstract |async )*[a-z]+\*? (\w+)/gm)),
    ...ownNative
      .filter((file) => file.endsWith('.h'))
      .flatMap((file) => code(read(file)).match(/\w+/g) ?? []),
  ];

  expect(names.length).toBeGreaterThan(500);
  expect([...new Set(names)].filter((name) => wordsOf(name).some((word) => struckOff.test(word)))).toEqual(
    [],
  );
});

test('no source and no document has a coined word', () => {
  const found = [...sources, ...native, ...documents].flatMap((file) =>
    read(file)
      .split('\n')
      .map((line, i) => `${file}:${i + 1}: ${line.trim()}`)
      .filter((line) => coined.test(line)),
  );

  expect(found).toEqual([]);
});

test('exported types of the store, the series and native/ are named by the glossary', () => {
  const known = new Set(
    [...glossary.flatMap((word) => wordsOf(word.replaceAll(' ', '-'))), ...otherWords].map(singular),
  );
  const named = [
    ...sources
      .filter((file) => /^src\/(store|series)\//.test(file))
      .flatMap((file) => matches(file, /^export (?:abstract )?(?:class|interface|type) (\w+)/gm)),
    ...ownNative
      .filter((file) => /^native\/(files|format|segment|read|merge|group)\/\w+\.h$/.test(file))
      .flatMap((file) => matches(file, /^(?:class|struct|enum class) (\w+)[^;\n]*$/gm)),
  ];

  expect(named.length).toBeGreaterThan(40);
  expect(named.filter((name) => !wordsOf(name).every((word) => known.has(singular(word))))).toEqual([]);
});

test('comments name their subjects', () => {
  const comments = [...sources, ...ownNative].flatMap((file) =>
    commentsOf(read(file)).map((comment) => `${file}: ${comment}`),
  );
  const pronouns = comments.filter((comment) =>
    /\b(whoever|whatever|nobody|somebody|anybody)\b/i.test(comment),
  );
  const whats = comments.filter((comment) => /\bwhat\b/i.test(comment));

  expect(comments.length).toBeGreaterThan(500);
  expect(pronouns).toEqual([]);
  expect(whats.length, whats.join('\n')).toBeLessThanOrEqual(20);
});

function isGlossary(section: string): boolean {
  return section.startsWith('Glossary\n');
}

/** `SeriesKey`, `series_key`, `series-key.ts`: series, key. */
function wordsOf(name: string): string[] {
  return name
    .replace(/^wake-up\b/, 'wakeup')
    .split(/[^a-zA-Z]+|(?<=[a-z])(?=[A-Z])/)
    .map((word) => word.toLowerCase())
    .filter((word) => word !== '' && word !== 'k');
}

function singular(word: string): string {
  return word.replace(/s$/, '');
}

function matches(file: string, pattern: RegExp): string[] {
  return [...read(file).matchAll(pattern)].map(([, name = '']) => name);
}

function commentsOf(text: string): string[] {
  return text.match(/(?<![:\w'"`])\/\/.*|\/\*[\s\S]*?\*\//g) ?? [];
}

function code(text: string): string {
  return commentsOf(text).reduce((rest, comment) => rest.replace(comment, ''), text);
}

function filesIn(folder: string, pattern: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => pattern.test(name))
    .map((name) => join(folder, name).replaceAll(sep, '/'))
    .sort();
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}
