import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { otherRuntimes, pathOf } from '../http/support/runtimes';
import { newDirectory } from '../multiprocess/support/directories';
import { root } from '../multiprocess/support/member';

const wanted = process.env['THIRD_PARTY'] === '1' || process.env['CI'] === 'true';

const library = JSON.stringify(join(root, 'dist', 'index.js'));
/** A process or thread that a test starts. */
const started = `console.log('started shares:', require(${library}).register.status().shared); process.exit();`;
const testFile = (count: number): string => `
  const { spawnSync } = require('node:child_process');
  const { Worker } = require('node:worker_threads');
  const { Counter, register } = require(${library});
  const define = globalThis.Deno?.test ?? test;
  define('a test', async () => {
    new Counter({ name: 'c_total', help: 'h' }).inc(${count});
    console.log('test shares:', register.status().shared, (await register.metrics()).match(/^c_total .*/m)?.[0]);
    register.clear();
    const file = __dirname + '/started.cjs';
    console.log(spawnSync(process.execPath, [...(globalThis.Deno ? ['run', '-A'] : []), file]).stdout.toString().trim());
    await new Promise((resolve) => new Worker(file).on('exit', resolve));
  });`;

describe.skipIf(!wanted)('only with THIRD_PARTY=1 or CI=true', { timeout: 300_000 }, () => {
  test.each(otherRuntimes)(
    'tests that %s runs count privately, and share nothing but what they start',
    async (runtime) => {
      const directory = newDirectory();
      writeFileSync(join(directory, 'started.cjs'), started);
      const files = [1, 2].map((count) => join(directory, `${count}.test.cjs`));
      for (const [i, file] of files.entries()) writeFileSync(file, testFile(i + 1));
      const options = runtime === 'deno' ? ['test', '--allow-all', '--no-check'] : ['test'];
      const { stdout } = await promisify(execFile)(pathOf(runtime), [...options, ...files], {
        cwd: directory,
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'] }, // those of this test say that it shares
      });

      expect(stdout.match(/^test shares: .*/gm)).toEqual([
        'test shares: false c_total 1',
        'test shares: false c_total 2',
      ]);
      expect(stdout.match(/^started shares: .*/gm)).toEqual(Array(4).fill('started shares: true'));
    },
  );
});
