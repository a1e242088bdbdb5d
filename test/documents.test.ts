import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = join(__dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

test('docs/errors.md has a line for each code of src/errors.ts and no other', () => {
  const codesOf = (text: string, pattern: RegExp): Set<string | undefined> =>
    new Set([...text.matchAll(pattern)].map((match) => match[1]));

  expect(codesOf(read('docs/errors.md'), /^\| `(ERR_\w+)`/gm)).toEqual(
    codesOf(read('src/errors.ts'), /'(ERR_\w+)'/g),
  );
});

test('docs/api.md has every name that the main entry exports, and every sub-path of the package', () => {
  const api = read('docs/api.md');
  const names = exportsOf('src/declarations.ts');
  const subPaths = Object.keys(JSON.parse(read('package.json')).exports).filter(
    (path) => !/^\.(\/.*\.json)?$/.test(path),
  );
  const all = [...names, ...subPaths.map((path) => `prom-client-mmap${path.slice(1)}`)];

  expect(names).toEqual(
    expect.arrayContaining(['Counter', 'register', 'AggregatorRegistry', 'GroupOptions']),
  );
  const isIn = (name: string): boolean => new RegExp(`\\b${name.replace(/[.*]/g, '\\$&')}(?!\\w)`).test(api);
  expect(all.filter((name) => !isIn(name))).toEqual([]);
});

test.each([
  ['src/store/options.ts', 'GroupOptions'],
  ['src/types/metrics.ts', 'MetricConfiguration'],
  ['src/types/metrics.ts', 'GaugeConfiguration'],
  ['src/types/metrics.ts', 'HistogramConfiguration'],
  ['src/types/metrics.ts', 'SummaryConfiguration'],
  ['src/types/default-metrics.ts', 'DefaultMetricsCollectorConfiguration'],
  ['src/types/registry.ts', 'RegistryOptions'],
  ['src/types/registry.ts', 'MetricsOptions'],
  ['src/integrations/mirror/mirror.ts', 'MirrorOptions'],
  ['src/http/options.ts', 'HttpOptions'],
  ['src/http/server/server-options.ts', 'MetricsServerOptions'],
  ['src/statsd/options.ts', 'StatsdOptions'],
])('docs/api.md has a row for each option of %s, %s', (file, type) => {
  const body =
    read(file)
      .split(new RegExp(`^export interface ${type}\\b.*\\{$`, 'm'))[1]
      ?.split('\n}')[0] ?? '';
  const options = [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, option]) => option);

  expect(options).not.toEqual([]);
  expect(options.filter((option) => rowOf(`${option}`) === undefined)).toEqual([]);
});

test.each([
  ['src/opentelemetry/options.ts', 'MeterProviderOptions'],
  ['src/opentelemetry/views.ts', 'View'],
])('docs/opentelemetry.md has each option of %s, %s', (file, type) => {
  const body = read(file).split(`export interface ${type} {`)[1]?.split('\n}')[0] ?? '';
  const options = [...body.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, option]) => option);
  const rows = read('docs/opentelemetry.md').match(/^\| `.*$/gm) ?? [];
  const documented = rows.map((row) => row.split(' | ')[0] ?? '').join();

  expect(options.length).toBeGreaterThan(5);
  expect(options.filter((option) => !documented.includes(`\`${option}\``))).toEqual([]);
});

test('docs/api.md has the options of configure() with their environment variables, and no other', () => {
  const table = read('docs/api.md').split('\n## configure(options)\n')[1]?.split('\n## ')[0] ?? '';
  const documented = [...table.matchAll(/^\| `(\w+)` \|.*$/gm)].map(([row, option]) => [
    option,
    variablesIn(row),
  ]);
  const options = read('src/store/options.ts').split('\nconst table')[1]?.split('\n};')[0] ?? '';
  const entries = options.split(/\n {2}(?=\w+: )/).slice(1);
  const defined = entries.map((entry) => [/^\w+/.exec(entry)?.[0], variablesIn(entry)]);

  expect(documented).toEqual(defined);
});

const documents = ['README.md', 'CONTRIBUTING.md', ...markdownIn('docs'), ...markdownIn('docs/decisions')];

test('docs/README.md leads to every page', () => {
  const index = read('docs/README.md');
  const pages = markdownIn('docs').map((page) => page.replace('docs/', ''));

  expect(pages.filter((page) => page !== 'README.md' && !index.includes(`](${page}`))).toEqual([]);
});

test('links to sections of documents lead to sections', () => {
  const sections = (document: string): string[] =>
    [...read(document).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    );
  const broken = documents.flatMap((document) =>
    [...read(document).matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)]
      .map(([, file, section = '']) => [file ? join(dirname(document), file) : document, section] as const)
      .filter(([file, section]) => !sections(file).includes(section))
      .map(([file, section]) => `${document}: ${file}#${section}`),
  );

  expect(broken).toEqual([]);
});

test('the commands in the documents are of programs that are there', () => {
  const { scripts } = JSON.parse(read('package.json'));
  const commands = readdirSync(join(root, 'src/cli/commands'))
    .concat(readdirSync(join(root, 'bin/commands')))
    .map((file) => file.replace(/\.m?[jt]s$/, ''));
  const isThere: [RegExp, (name: string) => boolean][] = [
    [/\bnpm run ([\w:]+)/g, (name) => name in scripts],
    [/\bnode ((?:bench|deploy|examples|scripts|test)\/[\w/.-]+)/g, (path) => existsSync(join(root, path))],
    [/\bnpx prom-client-mmap ([a-z]\w*)/g, (name) => commands.includes(name)],
    [/\bdeploy\/[\w./@-]*\w/g, (path) => existsSync(join(root, path))],
  ];
  const found = documents.flatMap((document) =>
    isThere.flatMap(([pattern, check]) =>
      [...read(document).matchAll(pattern)].map(([text, name = text]) => ({
        document,
        text,
        ok: check(name),
      })),
    ),
  );

  expect(found.length).toBeGreaterThan(60);
  expect(found.filter(({ ok }) => !ok)).toEqual([]);
});

test('links between the documents lead somewhere', () => {
  const broken = documents.flatMap((document) =>
    [...read(document).matchAll(/\]\((?!https?:)([^)#]+)/g)]
      .map((match) => join(dirname(document), match[1] ?? ''))
      .filter((target) => !existsSync(join(root, target)))
      .map((target) => `${document}: ${target}`),
  );

  expect(broken).toEqual([]);
});

test('docs/reliability.md names tests that are there', () => {
  const named = [...read('docs/reliability.md').matchAll(/`([\w./-]+(?:\.test\.ts|\.cc))`/g)].map(
    ([, file = '']) => (file.startsWith('native/') ? file : `test/${file}`),
  );

  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test('examples/cluster.mjs ends by itself and has counted every request', async () => {
  const child = spawn(process.execPath, [join(root, 'examples/cluster.mjs')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  const [code] = await once(child, 'close');

  expect(code).toBe(0);
  expect(output).toMatch(/^hits_total 100$/m);
});

/** The row of a table of docs/api.md that begins with `name`. */
/** Of a source, those of the modules that it exports as a whole included. */
function exportsOf(file: string): string[] {
  const program = ts.createProgram([join(root, file)], { module: ts.ModuleKind.Node20, types: ['node'] });
  const source = program.getSourceFile(join(root, file));
  const module = source && program.getTypeChecker().getSymbolAtLocation(source);
  return module
    ? program
        .getTypeChecker()
        .getExportsOfModule(module)
        .map(({ name }) => name)
    : [];
}

function rowOf(name: string): string | undefined {
  return new RegExp(`^\\| \`${name}\`.*$`, 'm').exec(read('docs/api.md'))?.[0];
}

function variablesIn(text: string): string[] {
  return text.match(/\bPROM\w+|\bprometheus_\w+/g) ?? [];
}

function markdownIn(folder: string): string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`);
}
