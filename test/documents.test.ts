import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
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

test('docs/api.md has every name that src/index.ts exports, and every sub-path of the package', () => {
  const api = read('docs/api.md');
  const index = read('src/index.ts');
  const lists = [...index.matchAll(/^export (?:type )?\{([^}]+)\}/gm)].map(([, list = '']) => list);
  const single = [...index.matchAll(/^export (?:const|type) (\w+)/gm)].map(([, name = '']) => name);
  const names = lists
    .flatMap((list) => list.split(','))
    .map((entry) => /(\w+)\s*$/.exec(entry)?.[1] ?? '')
    .concat(single);
  const subPaths = Object.keys(JSON.parse(read('package.json')).exports).filter(
    (path) => !/^\.(\/.*\.json)?$/.test(path),
  );
  const all = [
    ...names.filter((name) => name !== ''),
    'contentType',
    ...subPaths.map((path) => `prom-client-mmap${path.slice(1)}`),
  ];

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

test('the programs in docs/opentelemetry.md serve the metrics of instruments', async () => {
  const port = await freePort();
  const blocks = [...read('docs/opentelemetry.md').matchAll(/```js\n([\s\S]*?)```/g)].map(
    ([, code = '']) => code,
  );
  const counting = `metrics.getMeter('m').createCounter('requests').add(3);`;
  const [provider = '', server = '', ...options] = blocks;
  // The last ones repeat an import of the first.
  const others = options.map((block) => `{ ${block} }`);
  const application = 'setInterval(() => undefined, 1000);'; // the server keeps no process alive
  const program = [provider, counting, server, ...others, application].join('\n');
  expect(blocks).toHaveLength(5);
  expect(server).toContain('9464');
  const directory = join(root, 'build', `opentelemetry-${process.pid}`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'program.cjs'), program);
  const env = { ...process.env, OTEL_EXPORTER_PROMETHEUS_PORT: `${port}` };
  const child = spawn(process.execPath, [join(directory, 'program.cjs')], { stdio: 'inherit', env });
  try {
    const url = `http://127.0.0.1:${port}/metrics`;
    await untilServed(url, child);
    const answer = await fetch(url, { headers: { connection: 'close' } });

    expect(answer.headers.get('content-type')).toContain('version=0.0.4');
    expect(await answer.text()).toMatch(/^requests_total\{otel_scope_name="m"\} 3$/m);
  } finally {
    await end(child);
    rmSync(directory, { recursive: true });
  }
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

test('links between the documents lead somewhere', () => {
  const documents = ['README.md', 'CONTRIBUTING.md', ...markdownIn('docs'), ...markdownIn('docs/decisions')];
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

test('the program in README.md counts the requests of all its workers', async () => {
  const port = await freePort();
  const program = /```js\n([\s\S]*?)```/.exec(read('README.md'))?.[1]?.replace('8080', `${port}`);
  const directory = join(root, 'build', `readme-${process.pid}`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'readme.cjs'), program ?? '');
  const child = spawn(process.execPath, [join(directory, 'readme.cjs')], { stdio: 'inherit' });
  try {
    const url = `http://127.0.0.1:${port}/`;
    await untilServed(url, child);
    // A connection each, so that the requests spread over the workers.
    const answers = Array.from({ length: 50 }, () => fetch(url, { headers: { connection: 'close' } }));
    for (const answer of await Promise.all(answers)) expect(await answer.text()).toBe('hello\n');
    const text = await (await fetch(`${url}metrics`)).text();

    expect(text).toContain('# TYPE http_requests_total counter');
    expect(Number(/http_requests_total\{method="GET"\} (\d+)/.exec(text)?.[1])).toBeGreaterThanOrEqual(51);
  } finally {
    await end(child);
    rmSync(directory, { recursive: true });
  }
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until a request was answered; fails when the server has ended instead. */
async function untilServed(url: string, server: ChildProcess): Promise<void> {
  while (server.exitCode === null) {
    const answer = await fetch(url, { headers: { connection: 'close' } }).catch(() => undefined);
    if (answer !== undefined) {
      await answer.text();
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`the server has ended with code ${server.exitCode}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}
