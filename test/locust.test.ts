import { fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from './third-party/free-port';

const folder = join(__dirname, '..', 'examples', 'polls');

test('each request of Locust is counted, by page and status', { timeout: 120_000 }, async ({ skip }) => {
  if (spawnSync('locust', ['--version']).status !== 0) {
    return skip('locust is not installed (Debian: apt-get install python3-locust)');
  }
  const url = await startService();
  const locust = spawn(
    'locust',
    [
      ...['--headless', '--users', '20', '--spawn-rate', '20', '--run-time', '4s', '--stop-timeout', '10'],
      ...['--host', url, '--locustfile', join(folder, 'locustfile.py'), '--only-summary'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let summary = '';
  locust.stderr.setEncoding('utf8').on('data', (text: string) => {
    summary += text;
  });
  const [code] = await once(locust, 'close');
  expect(code).toBe(0);

  const metrics = await (await fetch(`${url}/metrics`)).text();
  for (const [page, status] of [
    ['/polls/2xx_success/', 200],
    ['/polls/4xx_not_found/', 404],
    ['/polls/5xx_exception/', 500],
  ]) {
    const [, requests, failures] = new RegExp(`^GET +${page} +(\\d+) +(\\d+)\\(`, 'm').exec(summary) ?? [];
    const series = new RegExp(`^request_count\\{.*endpoint="${page}",status="${status}".*\\} (\\d+)$`, 'm');

    expect(Number(requests), `${page}`).toBeGreaterThan(0);
    expect(series.exec(metrics)?.[1], `${page}`).toBe(requests);
    expect(failures, `${page}`).toBe('0');
  }
});

/** The service of the demo; its address when all workers listen. */
async function startService(): Promise<string> {
  const server = fork(join(folder, 'server.mjs'), ['0'], {
    env: { PATH: process.env['PATH'], METRICS_PORT: `${await freePort()}` },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exited = once(server, 'exit');
  onTestFinished(async () => {
    server.kill('SIGTERM');
    await exited;
  });
  for (;;) {
    const [{ url, workers }] = (await once(server, 'message')) as [{ url: string; workers: object[] }];
    if (workers.length === 4) return url;
  }
}
