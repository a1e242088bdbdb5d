import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startMetricsServer } from '../../src/http/index';
import { startCommand } from '../cli/support/command';
import { newDirectory } from '../multiprocess/support/directories';
import { spawn } from '../multiprocess/support/member';

/** Debian's. */
const browserPath = '/usr/bin/chromium';
const missing = 'chromium is not installed (Debian: apt-get install chromium)';

/** Two processes that serve 100 requests a second each, of 40 and 90 ms, and `serve` beside them; its address. */
async function served(): Promise<string> {
  const directory = newDirectory();
  for (const _ of [1, 2]) {
    const member = await spawn({ directory });
    await member.run(({ Counter, Gauge, Histogram }) => {
      const requests = new Counter({
        name: 'http_requests_total',
        help: 'h',
        labelNames: ['method', 'route', 'status_code'],
      });
      const durations = new Histogram({
        name: 'http_request_duration_seconds',
        help: 'h',
        labelNames: ['method', 'route'],
        buckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25],
      });
      new Gauge({ name: 'process_resident_memory_bytes', help: 'h' }).set(64 * 1024 * 1024);
      new Counter({ name: 'odd_total', help: 'h', labelNames: ['text'] }).inc(
        { text: 'a "b" \\ <i>é</i>' },
        1234,
      );
      let count = 0;
      const start = performance.now();
      setInterval(() => {
        for (; count < (performance.now() - start) / 10; count++) {
          const isCart = count % 4 !== 0;
          const labels = { method: 'GET', route: isCart ? '/cart' : '/search/:term' };
          requests.inc({ ...labels, status_code: count % 10 === 0 ? 500 : 200 });
          durations.observe(labels, isCart ? 0.02 + (count % 7) / 200 : 0.09);
        }
      }, 20);
    });
  }
  const { line } = await startCommand(['serve', directory, '--port', '0']);
  return /(http:\/\/[^/]+)\/metrics/.exec(line)?.[1] ?? '';
}

async function open(
  url: string,
  options: Parameters<Browser['newPage']>[0] = {},
): Promise<{ page: Page; faults: string[] }> {
  const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] });
  onTestFinished(() => browser.close());
  const page = await browser.newPage(options);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:'))
      faults.push(`asked ${request.url()}`);
  });
  await page.goto(url);
  return { page, faults };
}

describe('the live page', () => {
  test('shows the numbers of the exposition, the slowest route first, and asks no other server', async ({
    skip,
  }) => {
    if (!existsSync(browserPath)) return skip(missing);
    const url = await served();
    const { page, faults } = await open(`${url}/`);
    const shown = (name: string): Promise<string | null> => page.locator(`#now-${name}`).textContent();
    await vi.waitFor(async () => expect(await shown('requests')).toMatch(/^(1[5-9]\d|2\d\d)\/s$/), {
      timeout: 60_000,
      interval: 200,
    });
    expect(await shown('errors')).toMatch(/^\d{1,2}\.\d %$/);
    expect(await shown('p99')).toMatch(/^9\d(\.\d)? ms$|^100 ms$/);
    const routes = await page.locator('#routes tr td:first-child').allTextContents();
    expect(routes).toEqual(['GET /search/:term', 'GET /cart']);
    await vi.waitFor(async () => expect(await page.locator('#workers tr').count()).toBe(3), {
      timeout: 60_000,
    });
    expect(await page.locator('#workers tr').nth(1).textContent()).toContain('64 MiB');

    // A counter that rests, whatever its labels; and at two instants one that does not is between two scrapes.
    await page.fill('#search', 'odd_total');
    const odd = page.locator('#families [data-series]');
    expect(await odd.getAttribute('data-value')).toBe('2468');
    expect(await odd.getAttribute('data-series')).toBe('odd_total{text="a "b" \\ <i>é</i>"}');
    await page.fill('#search', 'http_requests_total{method="get",route="/cart",status_code="200"');
    for (let instant = 0; instant < 2; instant++) {
      const before = await total(url);
      const value = await vi.waitFor(
        async () => {
          const found = Number(await page.locator('#families [data-series]').getAttribute('data-value'));
          expect(found).toBeGreaterThanOrEqual(before);
          return found;
        },
        { timeout: 60_000, interval: 50 },
      );
      expect(value).toBeLessThanOrEqual(await total(url));
    }
    expect(faults).toEqual([]);
  });

  test('has the latencies of native histograms, as a picture and a table, and marks a process that ends', async ({
    skip,
  }) => {
    if (!existsSync(browserPath)) return skip(missing);
    const directory = newDirectory();
    const [first, second] = [await spawn({ directory }), await spawn({ directory })];
    await first.run(({ Histogram }) => {
      const durations = new Histogram({
        name: 'http_request_duration_seconds',
        help: 'h',
        labelNames: ['route'],
        buckets: [],
        nativeHistogramBucketFactor: 1.1,
      });
      setInterval(() => {
        durations.observe({ route: '/cart' }, 0.02);
        durations.observe({ route: '/slow' }, 0.3);
      }, 20);
    });
    await second.run(({ Counter }) => new Counter({ name: 'jobs_total', help: 'h' }).inc());
    const { line } = await startCommand(['serve', directory, '--port', '0']);
    const url = /(http:\/\/[^/]+)\/metrics/.exec(line)?.[1] ?? '';
    const { page, faults } = await open(`${url}/`);
    await page.locator('#heat-table summary').click();
    const rows = page.locator('#heat tr');
    await vi.waitFor(async () => expect(await rows.count()).toBe(3), { timeout: 60_000 });
    // Bucket bounds of schema 3: 2^(key/8).
    expect(await rows.nth(1).textContent()).toMatch(/^297 ms to 324 ms/);
    expect(await rows.nth(2).textContent()).toMatch(/^18\.6 ms to 20\.3 ms/);
    expect(await page.locator('#routes tr td:nth-child(5)').allTextContents()).toEqual([
      expect.stringMatching(/^3\d\d ms$/),
      expect.stringMatching(/^20(\.\d)? ms$/),
    ]);
    // All observations of the page's time, as many as its server has counted meanwhile.
    await page.fill('#search', '{route="/slow"}');
    const value = page.locator('#families [data-series]');
    const shown = Number(await value.getAttribute('data-value'));
    const text = await (await fetch(`${url}/metrics`)).text();
    const counted = Number(/^http_request_duration_seconds_count\{route="\/slow"\} (\d+)$/m.exec(text)?.[1]);
    expect(shown).toBeGreaterThan(0);
    expect(shown).toBeLessThanOrEqual(counted);

    await second.kill();
    await page.locator('#deaths', { hasText: `Process ${second.pid} ended at` }).waitFor();
    expect(faults).toEqual([]);
  });

  test('fits a phone in the dark, filters by a route, and says when the application is gone', async ({
    skip,
  }) => {
    if (!existsSync(browserPath)) return skip(missing);
    const url = await served();
    const { page, faults } = await open(`${url}/`, {
      viewport: { width: 360, height: 740 },
      colorScheme: 'dark',
    });
    await page.locator('#routes td button').first().waitFor();
    await page.locator('#routes td button', { hasText: 'GET /cart' }).click();
    await page.locator('#routes tr.chosen').waitFor();
    const [width, ground] = await page.evaluate<[number, string]>(
      '[document.documentElement.scrollWidth, getComputedStyle(document.body).backgroundColor]',
    );
    expect(width).toBeLessThanOrEqual(360);
    expect(ground).toBe('rgb(20, 23, 26)');
    expect(faults).toEqual([]);
    await page.route('**/metrics', (route) => route.abort());
    await page.locator('#state.alarm', { hasText: 'last values' }).waitFor();
  });

  test('is there where the option says so, with a policy that allows no other source', async () => {
    const without = await startMetricsServer({ port: 0, thread: false });
    onTestFinished(() => without.close());
    const answerOf = async ({ address }: typeof without): Promise<Response> =>
      fetch(`http://127.0.0.1:${typeof address === 'object' ? address.port : 0}/`);
    expect(await (await answerOf(without)).text()).not.toContain('<script>');
    await without.close();
    const server = await startMetricsServer({ port: 0, thread: false, page: true, path: '/numbers' });
    onTestFinished(() => server.close());
    const answer = await answerOf(server);
    const html = await answer.text();

    expect(answer.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'sha256-[\w+/=]+';/,
    );
    expect(html).toContain('<meta name="metrics" content="/numbers">');
    expect(html.length).toBeLessThan(150_000);
  });
});

async function total(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(
    /^http_requests_total\{method="GET",route="\/cart",status_code="200"\} (\d+)$/m.exec(text)?.[1],
  );
}
