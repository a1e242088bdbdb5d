import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { clusterApp, Project } from '../adoption/support/project';
import { freePort } from './free-port';

const wanted = process.env['THIRD_PARTY'] === '1' || process.env['CI'] === 'true';
const name = 'prom-client';

describe.skipIf(!wanted)('bundlers (only with THIRD_PARTY=1 or CI=true)', { timeout: 300_000 }, () => {
  test('@vercel/ncc takes the addon along', async () => {
    const project = new Project({ 'app.cjs': clusterApp('cjs', name) });
    await project.npm('install', '@vercel/ncc@0.45.0');
    project.install(name);
    const built = await project.node(
      'node_modules/@vercel/ncc/dist/ncc/cli.js',
      'build',
      'app.cjs',
      '--out=dist',
    );
    expect(built.status, built.output).toBe(0);
    const directory = newDirectory();
    cpSync(join(project.directory, 'dist'), directory, { recursive: true });

    const outcome = await project.run(process.execPath, [join(directory, 'index.cjs')], {}, tmpdir());

    expect(outcome.output).toMatch(/^app_total 42$/m);
  });

  describe('Next.js', () => {
    const project = new Project({
      'next.config.js': `module.exports = { output: 'standalone' };`,
      'metrics.js': `
        import { Counter } from '${name}';
        export const hits = Counter.getOrCreate({ name: 'hits_total', help: 'h' });`,
      'app/layout.js': 'export default ({ children }) => <html><body>{children}</body></html>;',
      'app/hit/route.js': `
        import { hits } from '../../metrics.js';
        export const dynamic = 'force-dynamic';
        export function GET() { hits.inc(); return new Response('counted'); }`,
      'app/metrics/route.js': `
        import { register } from '${name}';
        export const dynamic = 'force-dynamic';
        export async function GET() { return new Response(await register.metrics()); }`,
    });

    beforeAll(async () => {
      await project.npm('install', 'next@16.4.6', 'react@19.3.1', 'react-dom@19.3.1');
      project.install(name);
      const env = { NEXT_TELEMETRY_DISABLED: '1' };
      const cli = 'node_modules/next/dist/bin/next';
      const { status, output } = await project.run(process.execPath, [cli, 'build'], env);
      expect(status, output).toBe(0);
    }, 300_000);

    test('two servers are one group', () =>
      countsTogether(project.directory, 'node_modules/next/dist/bin/next', 'start'));

    test('two standalone servers are one group', async () => {
      const directory = newDirectory();
      cpSync(join(project.directory, '.next/standalone'), directory, { recursive: true });
      await countsTogether(directory, 'server.js');
    });
  });
});

/** Starts a server twice, and expects that each shows a request to the other. */
async function countsTogether(cwd: string, ...args: readonly string[]): Promise<void> {
  const metrics = newDirectory();
  const urls = await Promise.all([startServer(cwd, args, metrics), startServer(cwd, args, metrics)]);
  for (const url of urls) await fetch(`${url}/hit`);

  for (const url of urls) {
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^hits_total 2$/m);
  }
}

/** Starts a server of Next.js that ends with the test; resolves to its URL. */
async function startServer(cwd: string, args: readonly string[], metrics: string): Promise<string> {
  const port = await freePort();
  const child = spawn(process.execPath, args, {
    cwd,
    env: {
      PATH: process.env['PATH'],
      NEXT_TELEMETRY_DISABLED: '1',
      PORT: `${port}`,
      HOSTNAME: '127.0.0.1',
      PROM_CLIENT_MMAP_DIR: metrics,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  await vi.waitUntil(() => output.includes('Ready'), { timeout: 60_000 });
  return `http://127.0.0.1:${port}`;
}

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'prom-client-mmap-bundler-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
