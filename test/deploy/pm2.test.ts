import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { newDirectory } from '../multiprocess/support/directories';
import { valuesOf } from '../multiprocess/support/exposition';
import { root } from '../multiprocess/support/member';
import { freePort } from '../third-party/free-port';
import { installation } from '../third-party/installation';
import { startWithPm2 } from '../third-party/pm2-daemon';

const wanted = process.env['THIRD_PARTY'] === '1' || process.env['CI'] === 'true';
const ecosystem = join(root, 'deploy', 'pm2', 'ecosystem.config.cjs');

describe.skipIf(!wanted)('deploy/pm2 (only with THIRD_PARTY=1 or CI=true)', { timeout: 120_000 }, () => {
  let pm2: string;
  beforeAll(() => {
    pm2 = installation().preload;
  }, 300_000);

  test('starts instances of the shop that are one group, whose requests are at one address', async () => {
    const home = newDirectory();
    const shop = join(home, 'shop');
    cpSync(join(root, 'deploy', 'shop'), shop, { recursive: true });
    mkdirSync(join(shop, 'node_modules'));
    symlinkSync(root, join(shop, 'node_modules', 'prom-client-mmap'));
    const { apps } = (await import(ecosystem)).default;
    const [app, ...others] = apps;
    const [port, metricsPort] = [await freePort(), await freePort()];
    const env = { ...app.env, PORT: `${port}`, HOST: '127.0.0.1', PROM_CLIENT_MMAP_PORT: `${metricsPort}` };
    startWithPm2(pm2, home, [{ ...app, cwd: shop, instances: 2, env }]);
    const page = `http://127.0.0.1:${port}/cart`;
    await vi.waitFor(() => fetch(page), { timeout: 60_000, interval: 100 });
    for (let i = 0; i < 20; i++) await (await fetch(page, { headers: { connection: 'close' } })).text();

    await vi.waitFor(
      async () => {
        const values = valuesOf(await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text());
        const served = values.get('http_requests_total{method="GET",route="/cart",status_code="200"}');
        expect(served).toBeGreaterThanOrEqual(20);
        expect(values.get('prom_client_mmap_owners{state="live"}')).toBe(2);
      },
      { timeout: 60_000, interval: 200 },
    );
    expect(others).toEqual([]);
    expect(app.cwd).toBe(join(root, 'deploy', 'shop'));
    expect(app.script).toBe('server.mjs');
  });
});
