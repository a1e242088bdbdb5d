import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { hasPrometheus, missingPrometheus } from './cli/support/prometheus';
import { newDirectory } from './multiprocess/support/directories';

const program = join(__dirname, '..', 'examples', 'outage', 'outage.mjs');

test('the demo of outages keeps its promises, and writes a page of them', async ({ skip }) => {
  if (!hasPrometheus()) return skip(missingPrometheus);
  const report = newDirectory();
  const demo = spawn(process.execPath, [program, '--quick', '--report', report]);
  onTestFinished(() => {
    demo.kill('SIGTERM');
  });
  let output = '';
  for (const stream of [demo.stdout, demo.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [code] = await once(demo, 'close');

  expect(output).not.toContain('✘');
  expect(output.match(/^✔/gm)).toHaveLength(14);
  expect(code).toBe(0);
  const page = readFileSync(join(report, 'index.html'), 'utf8');
  expect(page).toContain('All promises were kept');
  expect(page.match(/<svg/g)).toHaveLength(1);
  // No address but that of the namespace.
  expect(page.match(/https?:\/\/[^"']+/g)?.filter((url) => !url.startsWith('http://www.w3.org/'))).toEqual(
    [],
  );
});
