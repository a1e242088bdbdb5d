import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const bench = join(import.meta.dirname, '..', 'bench', 'index.mjs');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-'));
});

afterAll(() => rm(folder, { recursive: true }));

test('a single workload is measured for every rival and written as JSON', async () => {
  const file = join(folder, 'figures.json');
  const { stdout } = await run(process.execPath, [
    bench,
    '--quick',
    '--only',
    'counter-bound',
    '--json',
    file,
  ]);
  expect(stdout).toContain('`child.inc()`');

  const { about, results } = JSON.parse(await readFile(file, 'utf8'));
  expect(about).toMatchObject({
    node: process.version,
    cores: expect.any(Number),
    cpu: expect.any(String),
  });
  expect(results).toHaveLength(1);
  const [{ name, ratio, overLimit, figures }] = results;
  expect(name).toBe('counter-bound');
  // Only assertions that hold on a busy machine, too.
  expect(ratio).toBeGreaterThan(1);
  expect(overLimit).toBeGreaterThan(0);
  const rivals = [
    'Float64Array',
    'prom-client',
    '@platformatic/prom-client',
    '@prometheus-io/client',
    'prom-client-mmap',
  ];
  for (const [index, rival] of rivals.entries()) {
    const positive = [expect.any(Number), expect.any(Number)];
    expect(figures[index]).toMatchObject({ rival, nanoseconds: expect.any(Number), trials: positive });
    expect(Math.min(...figures[index].trials)).toBeGreaterThan(0);
  }
});

test('uses of new series are measured', async () => {
  expect(await quickly('series-counter')).toMatch(
    /\| \*\*three uses\*\* (\| [\d,]+ ±\d+ % ){4}\| \*\*[\d.]+x\*\* \|/,
  );
});

test('calls in an application are measured', async () => {
  expect(await quickly('application')).toMatch(
    /\| `child\.observe\(v\)`, a bound child (\| [\d.,]+ ±\d+ % ){4}/,
  );
});

test('a service under load is measured', async () => {
  expect(await quickly('load')).toMatch(/\| prom-client-mmap \| [\d,]+ ±\d+ % \| \d+ % \| .* \| 0 of \d+ \|/);
});

test('calls, memory and scrapes of OpenTelemetry are measured beside the SDK', async () => {
  const stdout = await quickly('opentelemetry');
  expect(stdout).toMatch(/\| `counter\.add\(1, \{ … \}\)` (\| [\d,.]+ ns ){2}\| \*\*[\d.]+x\*\* \|/);
  expect(stdout).toMatch(/\| of a histogram of 16 buckets (\| [\d,]+ B ){2}/);
  expect(stdout).toMatch(/\| a scrape (\| [\d,.]+ ms ){2}/);
});

test('formats are measured, and quantiles of native histograms over four processes are in their buckets', async () => {
  const stdout = await quickly('formats-scrape', 'formats-size', 'formats-error');
  expect(stdout).toMatch(/\| Protobuf, gzip \| [\d.,]+ ms ±\d+ % \| [\d.]+x \| [\d,]+ B \| \d+ % \|/);
  expect(stdout).toMatch(/\| native, factor 1\.1 (\| [\d,]+ B ){5}\|/);
  const errors = /\| native histogram, factor 1\.1 \| (.*) % \| (.*) % \| (.*) % \|/.exec(stdout)?.slice(1);
  expect(errors).toHaveLength(3);
  // Half of the growth of a bucket of schema 3.
  for (const error of errors as string[]) expect(Math.abs(Number(error))).toBeLessThan(4.5);
});

test('an unknown workload is refused with the names of the known ones', async () => {
  const refused = run(process.execPath, [bench, '--only', 'nothing']);
  await expect(refused).rejects.toThrow(/--only: expected one of counter-bare, .*but got nothing/);
});

test('every scrape that is timed shows all counts of a group of processes', async () => {
  expect(await quickly('owners')).toMatch(/\| 4 \| [\d.,]+ ms ±\d+ % \|/);
});

test('every scrape that is timed shows all counts of dead processes', async () => {
  expect(await quickly('dead')).toMatch(/\| 150 \| [\d.,]+ ms \|/);
});

test('the figures in the table of README.md are those of docs/benchmarks.md', async () => {
  const read = (file: string) => readFile(join(import.meta.dirname, '..', file), 'utf8');
  const table = (await read('README.md')).split('figures of npm run bench -->')[1]?.split('<!--')[0] ?? '';
  const figures = [...table.matchAll(/([\d.,]+) [mn]s/g)].map(([, figure]) => figure);
  expect(figures.length).toBeGreaterThan(4);
  const report = new Set((await read('docs/benchmarks.md')).match(/[\d.,]*\d/g));
  expect(figures.filter((figure = '') => !report.has(figure))).toEqual([]);
});

/** The report of these workloads, from the fewest trials. Trials are processes, one after the other. */
async function quickly(...workloads: string[]): Promise<string> {
  const only = workloads.flatMap((name) => ['--only', name]);
  const { stdout } = await run(process.execPath, [bench, '--quick', ...only]);
  return stdout;
}
