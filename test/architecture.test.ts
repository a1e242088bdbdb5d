import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { expect, test } from 'vitest';

// The architecture of src/, top down: what a part may import besides itself. A part is a folder, or a file beside it.
const allowed: Readonly<Record<string, readonly string[]>> = {
  index: ['declarations', 'integrations', 'collectors', 'metrics', 'registry', 'store', 'types', 'model'],
  declarations: ['integrations', 'registry', 'store', 'types', 'model', 'errors'],
  auto: [
    'http',
    'integrations',
    'collectors',
    'registry',
    'store',
    'native',
    'types',
    'model',
    'errors',
    'process',
  ],
  cli: ['views', 'http', 'statsd', 'exposition', 'store', 'types', 'model', 'errors', 'process'],
  views: ['model'],
  http: ['metrics', 'registry', 'exposition', 'store', 'types', 'model', 'errors', 'process'],
  statsd: ['metrics', 'registry', 'store', 'types', 'model', 'errors'],
  opentelemetry: [
    ...['metrics', 'series', 'registry', 'exposition', 'store', 'native', 'types', 'model', 'errors'],
  ],
  integrations: [
    ...['collectors', 'metrics', 'series', 'registry', 'exposition', 'store', 'types', 'model', 'errors'],
  ],
  collectors: ['metrics', 'registry', 'exposition', 'store', 'types', 'model', 'errors'],
  metrics: ['series', 'registry', 'exposition', 'store', 'types', 'model', 'errors', 'process', 'slices'],
  series: ['store', 'model', 'errors', 'process', 'slices'],
  registry: ['exposition', 'store', 'types', 'model', 'errors', 'process'],
  store: ['exposition', 'native', 'types', 'model', 'errors', 'process', 'slices', 'stack'],
  exposition: ['model', 'errors', 'slices'],
  native: ['errors', 'process'],
  types: ['model'],
  model: ['errors'],
  errors: [],
  process: [],
  slices: ['process'],
  stack: [],
};

// The rooms of native/, bottom up: what the files of a room may include besides those of their own.
const nativeRooms: Readonly<Record<string, readonly string[]>> = {
  platform: [],
  base: ['platform'],
  format: ['platform', 'base'],
  files: ['platform', 'base', 'format'],
  segment: ['platform', 'base', 'format', 'files'],
  read: ['platform', 'base', 'format', 'files'],
  merge: ['platform', 'base', 'format', 'files', 'read'],
  render: ['platform', 'base', 'format', 'files', 'merge'],
  group: ['platform', 'base', 'format', 'files', 'read', 'merge', 'render'],
  addon: ['platform', 'base', 'format', 'files', 'segment', 'read', 'merge', 'render', 'group'],
};

/** What not all systems or C++ libraries have. */
const notPortable =
  /__linux__|__APPLE__|__GLIBC__|<sys\/(syscall|random|sysctl)\.h>|<libproc\.h>|atomic_ref|\b(getrandom|getentropy|fdatasync|fallocate|syscall|clock_gettime)\(/;
const fileOfLinux = /"\/proc\//;

/** The set-up compiles these together with the packages that they need (scripts/setup.mjs). */
const bundled = ['src/statsd/yaml.ts'];

const longestFile = 400;

const root = join(__dirname, '..');
const src = join(root, 'src');
const sources = filesIn('src', /\.ts$/);
const nativeFiles = filesIn('native', /\.(cc|h)$/);
const nativeSources = nativeFiles.filter((file) => !file.startsWith('native/test/'));

test.each(sources)('%s imports only from the parts below its own', (file) => {
  const part = partOf(join(root, file));
  const imported = importsOf(file)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => partOf(join(root, dirname(file), specifier)));

  expect(Object.keys(allowed)).toContain(part);
  expect(imported.filter((other) => other !== part && !allowed[part]?.includes(other))).toEqual([]);
});

test('src needs nothing but Node and the dependencies that a user installs', () => {
  const { dependencies = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const known = new Set(Object.keys(dependencies));
  const packages = sources
    .filter((file) => !bundled.includes(file))
    .flatMap(importsOf)
    .filter((specifier) => !/^(\.|node:)/.test(specifier));

  expect(packages.filter((name) => !known.has(name))).toEqual([]);
});

test.each(nativeSources)('%s includes only from the rooms below its own', (file) => {
  const room = roomOf(file);
  const included = [...read(file).matchAll(/#include "(\w+)\//g)].map((match) => match[1] ?? '');

  expect(Object.keys(nativeRooms)).toContain(room);
  expect(included.filter((other) => other !== room && !nativeRooms[room]?.includes(other))).toEqual([]);
});

// The tests are compiled on all of these systems, too.
test.each([
  [
    'native/platform alone knows the differences between systems, and the tests do not',
    notPortable,
    nativeFiles,
  ],
  ['native/platform alone reads /proc', fileOfLinux, nativeSources],
])('%s', (_, pattern, files) => {
  const knowing = files.filter((file) => pattern.test(read(file)));

  expect(new Set(knowing.map(roomOf))).toEqual(new Set(['platform']));
});

test('only native/addon knows Node', () => {
  const including = nativeSources.filter((file) => /#include\s+<(napi|node|v8|uv)/.test(read(file)));

  expect(new Set(including.map(roomOf))).toEqual(new Set(['addon']));
});

test('no source is left unfinished', () => {
  // Spelled in two parts, so that a search for the marks does not find this line.
  const marks = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|')})\\b`);

  expect([...sources, ...nativeSources].filter((file) => marks.test(read(file)))).toEqual([]);
});

test(`no source has more than ${longestFile} lines`, () => {
  const others = ['scripts', 'bin', 'bench', 'examples'].flatMap((folder) =>
    filesIn(folder, /\.(ts|mjs|cjs)$/),
  );
  const lengths = [...sources, ...nativeSources, ...others].map(
    (file) => `${file}: ${read(file).split('\n').length - 1}`,
  );

  expect(lengths.filter((entry) => Number(entry.split(': ')[1]) > longestFile)).toEqual([]);
});

function filesIn(folder: string, pattern: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => pattern.test(name))
    .map((name) => join(folder, name).replaceAll(sep, '/'))
    .sort();
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

function importsOf(file: string): string[] {
  const pattern = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*'([^']+)'/g;
  return [...read(file).matchAll(pattern)].map((match) => match[1] ?? '');
}

function roomOf(file: string): string {
  return file.split('/')[1] ?? '';
}

// `src/store/sweep.ts` and `src/store/sweep` are of `store`; `src/errors.ts` and `src/errors` are `errors`.
function partOf(path: string): string {
  return (relative(src, path).split(sep)[0] ?? '').replace(/\.ts$/, '');
}
