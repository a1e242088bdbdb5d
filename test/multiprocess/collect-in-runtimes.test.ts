import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { command } from '../cli/support/command';
import { optionsOf, otherRuntimes, pathOf } from '../http/support/runtimes';
import { newDirectory } from './support/directories';
import { root } from './support/member';

const wanted = process.env['THIRD_PARTY'] === '1' || process.env['CI'] === 'true';

/** Collects a gauge, and ends by itself as soon as its standard input does. */
const program = `
const { Gauge } = require(${JSON.stringify(join(root, 'dist', 'index.js'))});
let readings = 0;
new Gauge({ name: 'readings', help: 'h', collect() { this.set(++readings); } });
process.stdin.on('data', () => {});
console.log('counts');
`;

// Deno and Bun have ways of their own to read a FIFO (only with THIRD_PARTY=1 or CI=true).
test.each([process.execPath, ...(wanted ? otherRuntimes : [])])(
  'a process in %s runs its collect functions for a scrape of another one, and ends by itself',
  async (runtime) => {
    const directory = newDirectory();
    const file = join(newDirectory(), 'program.cjs');
    writeFileSync(file, program);
    const path = pathOf(runtime);
    const child = spawn(path, [...optionsOf(path), file], {
      env: { ...process.env, PROM_CLIENT_MMAP_DIR: directory },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    const dump = async (...options: string[]): Promise<string> =>
      (await command(['dump', directory, ...options])).stdout;

    expect(await dump('--collect')).toContain('\nreadings 1\n');
    expect(await dump('--collect')).toContain('\nreadings 2\n');
    expect(await dump()).toContain('\nreadings 2\n');
    child.stdin.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  },
);
