import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { newDirectory } from '../multiprocess/support/directories';
import { valuesOf } from '../multiprocess/support/exposition';
import { freePort } from './free-port';
import { installation } from './installation';
import { startWithPm2 } from './pm2-daemon';

const wanted = process.env['THIRD_PARTY'] === '1' || process.env['CI'] === 'true';

describe.skipIf(!wanted)('PM2 (only with THIRD_PARTY=1 or CI=true)', { timeout: 120_000 }, () => {
  let directory: string;
  beforeAll(() => {
    directory = installation().alias;
  }, 300_000);

  test('the instances of each application are a group, in cluster and in fork mode, also with a preload', async () => {
    const home = newDirectory();
    const ports = join(home, 'ports');
    mkdirSync(ports);
    const script = join(directory, 'apps', 'pm2.cjs');
    const preload = ['-r', join(directory, 'apps', 'pm2-preload.cjs')];
    const cluster = async (
      name: string,
      instances: number,
      node_args: readonly string[],
    ): Promise<object> => ({
      ...{ name, script, instances, node_args, exec_mode: 'cluster' },
      env: { PORTS: ports, PORT: await freePort() },
    });
    const apps = [
      await cluster('shop', 3, []),
      await cluster('mail', 2, preload),
      await cluster('news', 1, preload),
      { name: 'jobs', script, instances: 2, exec_mode: 'fork', env: { PORTS: ports } },
    ];
    startWithPm2(directory, home, apps);
    await expect.poll(() => readdirSync(ports).length).toBe(8);

    const counts = new Map<string, Set<string>>();
    for (const instance of readdirSync(ports)) {
      const port = readFileSync(join(ports, instance), 'utf8');
      const values = valuesOf(await (await fetch(`http://127.0.0.1:${port}/`)).text());
      const [name = ''] = instance.split('-');
      const shown = counts.get(name) ?? new Set();
      counts.set(name, shown.add(`${values.get('starts_total{}')} ${values.get('preloads_total{}') ?? 0}`));
    }
    expect(counts).toEqual(
      new Map([
        ['jobs', new Set(['2 0'])],
        ['mail', new Set(['2 2'])],
        ['news', new Set(['1 1'])],
        ['shop', new Set(['3 0'])],
      ]),
    );
  });

  test('with prom-client-mmap/auto two applications at once have their requests at a port each', async () => {
    const { preload } = installation();
    const home = newDirectory();
    const ports = join(home, 'ports');
    mkdirSync(ports);
    const script = join(preload, 'apps', 'pm2.cjs');
    const app = async (
      name: string,
      exec_mode: 'cluster' | 'fork',
      port: number,
    ): Promise<readonly [name: string, app: object]> => {
      const own = exec_mode === 'cluster' ? { PORT: await freePort() } : {};
      const env = { PORTS: ports, PROM_CLIENT_MMAP_PORT: port, ...own };
      const node_args = ['--import', 'prom-client-mmap/auto'];
      return [name, { name, script, cwd: preload, instances: 2, exec_mode, node_args, env }];
    };
    const metricsPorts = { shop: await freePort(), jobs: await freePort() };
    const apps = new Map([
      await app('shop', 'cluster', metricsPorts.shop),
      await app('jobs', 'fork', metricsPorts.jobs),
    ]);
    startWithPm2(preload, home, [...apps.values()]);
    await expect.poll(() => readdirSync(ports).length).toBe(4);
    for (const instance of readdirSync(ports)) {
      const times = instance.startsWith('shop') ? 3 : 5;
      const port = readFileSync(join(ports, instance), 'utf8');
      for (let i = 0; i < times; i++) await (await fetch(`http://127.0.0.1:${port}/`)).text();
    }

    const expected = { shop: 6, jobs: 10 };
    for (const [name, requests] of Object.entries(expected)) {
      const port = metricsPorts[name as keyof typeof metricsPorts];
      await vi.waitFor(
        async () => {
          const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
          expect(text).toMatch(new RegExp(`^http_requests_total\\{.*\\} ${requests}$`, 'm'));
          expect(text).toMatch(/^starts_total 2$/m);
        },
        { timeout: 15_000 },
      );
    }
  });
});
