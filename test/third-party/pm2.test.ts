import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { newDirectory } from '../multiprocess/support/directories';
import { valuesOf } from '../multiprocess/support/exposition';
import { freePort } from './free-port';
import { installation } from './installation';

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
    const file = join(home, 'ecosystem.config.json');
    writeFileSync(file, JSON.stringify({ apps }));
    const pm2 = (...args: readonly string[]): void => {
      execFileSync(process.execPath, [join(directory, 'node_modules', 'pm2', 'bin', 'pm2'), ...args], {
        env: {
          PATH: process.env['PATH'],
          HOME: home,
          PM2_HOME: join(home, 'pm2'),
          PM2_DISCRETE_MODE: 'true',
        },
        stdio: 'ignore',
      });
    };
    onTestFinished(() => pm2('kill'));
    pm2('start', file);
    await expect.poll(() => readdirSync(ports).length, { timeout: 60_000 }).toBe(8);

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
});
