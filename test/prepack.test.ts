import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

// What runs before `npm pack` and `npm publish`, in a copy of this clone whose binaries are any files.

const root = join(__dirname, '..');
const systems = ['linux-x64-glibc', 'linux-arm64-glibc', 'linux-x64-musl', 'linux-arm64-musl'];
const scratch = mkdtempSync(join(tmpdir(), 'prom-client-mmap-prepack-'));
let copy: string;

beforeAll(() => {
  copy = join(scratch, 'first');
  for (const name of ['native', 'include', 'scripts', 'package.json']) {
    cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  writeFileSync(join(copy, 'addon.node'), 'an addon');
  for (const system of systems) expect(node('prebuild.mjs', ['--from', 'addon.node', system]).status).toBe(0);
});

beforeEach(({ task }) => {
  copy = join(scratch, task.id);
  cpSync(join(scratch, 'first'), copy, { recursive: true });
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('it is run by npm', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

  expect(scripts.prepack).toMatch(/&& node scripts\/prepack\.mjs$/);
});

test('a tarball is made of binaries of the sources as they are', () => {
  expect(node('prepack.mjs')).toEqual({ status: 0, output: '' });
});

test.each<[string, () => void, string]>([
  ['is missing', () => rmSync(join(copy, 'prebuilds/linux-x64-musl.node')), 'linux-x64-musl is missing'],
  [
    'was made of a source that has changed since',
    () => appendFileSync(join(copy, 'native/base/number.cc'), '\n'),
    systems.map((system) => `${system} is of other sources`).join(', '),
  ],
  [
    'is of another version of the package',
    () => {
      const manifest = JSON.parse(readFileSync(join(copy, 'package.json'), 'utf8'));
      writeFileSync(join(copy, 'package.json'), JSON.stringify({ ...manifest, version: '99.0.0' }));
    },
    systems.map((system) => `${system} is of other sources`).join(', '),
  ],
  [
    'has changed since',
    () => appendFileSync(join(copy, 'prebuilds/linux-arm64-glibc.node'), 'damage'),
    'linux-arm64-glibc is of other sources',
  ],
  [
    'came from elsewhere',
    () => writeFileSync(join(copy, 'prebuilds/darwin-x64.node'), 'an addon'),
    'darwin-x64 was not made by it',
  ],
])('none is made when a binary %s', (_, change, expected) => {
  change();

  const { status, output } = node('prepack.mjs');
  expect(status).toBe(1);
  expect(output).toMatch(/^ERR_PREBUILDS: expected binaries of these sources .* Run `npm run prebuild`;/);
  expect(output).toContain(`, but ${expected}. Run`);
});

test('a change of a test of native/ makes no binary old', () => {
  appendFileSync(join(copy, 'native/test/number_test.cc'), '\n');

  expect(node('prepack.mjs').status).toBe(0);
});

test('PACK_WITHOUT_PREBUILDS=1 takes what there is', () => {
  rmSync(join(copy, 'prebuilds'), { recursive: true });

  expect(node('prepack.mjs').status).toBe(1);
  expect(node('prepack.mjs', [], { PACK_WITHOUT_PREBUILDS: '1' }).status).toBe(0);
});

function node(script: string, args: readonly string[] = [], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(copy, 'scripts', script), ...args], {
    cwd: copy,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { status, output: `${stdout}${stderr}` };
}
