// Screenshots of the live page for docs/, light and dark, of an application under a made-up load: `node scripts/screenshots.mjs`. It needs
// Debian's chromium.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const file = fileURLToPath(import.meta.url);
const require = createRequire(file);
const port = 9469;
const seconds = 70;
/** A worker is killed then, and another one takes its place. */
const deathAfterSeconds = 40;

if (process.argv[2] === 'serve') {
  const { Counter, Histogram, collectDefaultMetrics } = require('../index.js');
  const { startMetricsServer } = require('../dist/http/index.js');
  collectDefaultMetrics();
  const labelNames = ['method', 'route', 'status_code'];
  const requests = new Counter({ name: 'http_requests_total', help: 'Requests served.', labelNames });
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Durations of requests.',
    labelNames: ['method', 'route'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5],
    nativeHistogramBucketFactor: 1.1,
  });
  const routes = [
    ['GET', '/', 120, 0.006],
    ['GET', '/cart', 60, 0.03],
    ['POST', '/cart/items', 25, 0.045],
    ['GET', '/search/:term', 30, 0.09],
    ['POST', '/orders', 8, 0.16],
  ];
  setInterval(() => {
    const wave = 1 + 0.5 * Math.sin(Date.now() / 6000);
    for (const [method, route, rate, mean] of routes) {
      const count = Math.round((rate / 10) * wave * (0.7 + 0.6 * Math.random()));
      for (let i = 0; i < count; i++) {
        const failed = Math.random() < (route === '/orders' ? 0.06 : 0.004);
        requests.inc({ method, route, status_code: failed ? 500 : 200 });
        durations.observe({ method, route }, mean * (0.5 + Math.random() + 2 * Math.random() ** 8));
      }
    }
  }, 100);
  await startMetricsServer({ port, page: true });
} else {
  const { chromium } = require('playwright-core');
  const { mkdtempSync, rmSync } = await import('node:fs');
  const dir = mkdtempSync('/tmp/prom-client-mmap-page-');
  const env = { ...process.env, PROM_CLIENT_MMAP_DIR: dir };
  const start = () => fork(file, ['serve'], { env });
  const workers = [start(), start(), start()];
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  const viewports = { light: { width: 1100, height: 1000 }, dark: { width: 1100, height: 1000 } };
  await sleep(2000);
  const death = sleep(deathAfterSeconds * 1000).then(() => {
    workers[1].kill('SIGKILL');
    workers[1] = start();
  });
  await Promise.all(
    Object.entries(viewports).map(async ([colorScheme, viewport]) => {
      const page = await browser.newPage({ viewport, colorScheme });
      await page.goto(`http://127.0.0.1:${port}/`);
      await sleep(seconds * 1000);
      await page.screenshot({
        path: fileURLToPath(new URL(`../docs/page-${colorScheme}.png`, import.meta.url)),
      });
    }),
  );
  await death;
  await browser.close();
  for (const worker of workers) {
    worker.kill();
    await once(worker, 'close');
  }
  rmSync(dir, { recursive: true });
}
