import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { configure, register } from '../../src/index';

const directory = mkdtempSync(join(tmpdir(), 'golden-'));
afterAll(() => rmSync(directory, { recursive: true }));

// The owner of this segment was killed. Never write the file anew: every later release must read it as it is.
test('a segment of format 1.0 is read for ever', async () => {
  copyFileSync(join(__dirname, 'segment-1.0.bin'), join(directory, 's.31793.31793.c932709b758f9584'));
  configure({ dir: directory });

  expect(await register.metrics()).toBe(readFileSync(join(__dirname, 'segment-1.0.txt'), 'utf8'));
});
