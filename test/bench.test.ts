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
    'counter-kept',
    '--json',
    file,
  ]);
  expect(stdout).toContain('`child.inc()`');

  const { about, results } = JSON.parse(await readFile(file, 'utf8'));
  expect(about).toMatchObject({ node: process.version, cores: expect.any(Number), cpu: expect.any(String) });
  expect(results).toHaveLength(1);
  const [{ name, ratio, overLimit, figures }] = results;
  expect(name).toBe('counter-kept');
  // A machine under load is slow for all: only what a broken benchmark would break is asserted.
  expect(ratio).toBeGreaterThan(1);
  expect(overLimit).toBeGreaterThan(0);
  for (const [index, rival] of ['Float64Array', 'prom-client', 'prom-client-mmap'].entries()) {
    const positive = [expect.any(Number), expect.any(Number), expect.any(Number)];
    expect(figures[index]).toMatchObject({ rival, nanoseconds: expect.any(Number), trials: positive });
    expect(Math.min(...figures[index].trials)).toBeGreaterThan(0);
  }
});

test('an unknown workload is refused with the names of the known ones', async () => {
  const refused = run(process.execPath, [bench, '--only', 'nothing']);
  await expect(refused).rejects.toThrow(/--only: expected one of counter-bare, .*but got nothing/);
});
