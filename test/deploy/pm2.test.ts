import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { newDirectory } from '../multiprocess/support/directories';
import { valuesOf } from '../multiprocess/support/exposition';
import { root } from '../multiprocess/support/member';
import { freePort } from '../third-party/free-port';
import { installation } from '../third-party/installation';
import { newPm2 } from '../third-party/pm2-daemon';

const wanted = process.env['THIRD_PARTY'] === '1' || process.env['CI'] === 'true';

describe.skipIf(!wanted)('deploy/pm2 (only with THIRD_PARTY=1 or CI=true)', () => {
  let directory: string;
  beforeAll(() => {
    directory = installation().preload;
  }, 300_000);

  test('starts instances of the shop that are one group, whose requests are at one address, also after a reload', async () => {
    const home = newDirectory();
    const [port, metricsPort] = [await freePort(), await freePort()];
    const ecosystem = ecosystemIn(
      home,
      new Map([
        ['8000', port],
        ['9464', metricsPort],
      ]),
    );
    const pm2 = newPm2(directory, home, { HOST: '127.0.0.1' });
    const served = async (requests: number): Promise<void> => {
      const values = valuesOf(await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text());
      expect(values.get('http_requests_total{method="GET",route="/cart",status_code="200"}')).toBe(requests);
      expect(values.get('prom_client_mmap_owners{state="live"}')).toBe(cpus().length);
    };
    const patience = { timeout: 60_000, interval: 200 };
    const page = `http://127.0.0.1:${port}/cart`;
    pm2('start', ecosystem);
    await vi.waitFor(() => fetch(page), patience);
    for (let i = 1; i < 20; i++) await (await fetch(page, { headers: { connection: 'close' } })).text();
    await vi.waitFor(() => served(20), patience);
    pm2('reload', 'shop');
    await (await fetch(page, { headers: { connection: 'close' } })).text();

    await vi.waitFor(() => served(21), patience);
  });
});

/** A copy of the file beside the shop, as in deploy/, with other ports. Its path. */
function ecosystemIn(home: string, ports: ReadonlyMap<string, number>): string {
  const deploy = join(home, 'deploy');
  for (const folder of ['pm2', 'shop'])
    cpSync(join(root, 'deploy', folder), join(deploy, folder), { recursive: true });
  mkdirSync(join(deploy, 'shop', 'node_modules'));
  symlinkSync(root, join(deploy, 'shop', 'node_modules', 'prom-client-mmap'));
  const ecosystem = join(deploy, 'pm2', 'ecosystem.config.cjs');
  let text = readFileSync(ecosystem, 'utf8');
  for (const [port, other] of ports) {
    expect(text).toContain(`'${port}'`);
    text = text.replace(`'${port}'`, `'${other}'`);
  }
  writeFileSync(ecosystem, text);
  return ecosystem;
}
