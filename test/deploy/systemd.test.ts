import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { newDirectory } from '../multiprocess/support/directories';
import { valuesOf } from '../multiprocess/support/exposition';
import { root } from '../multiprocess/support/member';
import { freePort } from '../third-party/free-port';

const folder = join(__dirname, '..', '..', 'deploy', 'systemd');
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

describe.skipIf(!hasSystemd)('systemd-analyze (Debian: systemd)', () => {
  test.each(['shop.service', 'shop@.service'])('finds no fault in %s', (name) => {
    expect(verify(name, (unit) => unit)).toBe('');
  });

  test('finds an unknown setting', () => {
    expect(verify('shop.service', (unit) => unit.replace('KillMode', 'KillMood'))).toContain('KillMood');
  });
});

test('instances of shop@.service are one group: one of them serves the requests of both, also of one that has ended', async () => {
  const [runtime, metricsPort] = [newDirectory(), await freePort()];
  const ports = [await freePort(), await freePort()];
  const instances = ports.map((port) => startInstance('shop@.service', { port, metricsPort, runtime }));
  const shown = async (requests: number, living: number): Promise<void> => {
    const values = valuesOf(await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text());
    expect(values.get('http_requests_total{method="GET",route="/cart",status_code="200"}')).toBe(requests);
    expect(values.get('prom_client_mmap_owners{state="live"}')).toBe(living);
  };
  const patience = { timeout: 60_000, interval: 50 };
  for (const port of ports) await vi.waitFor(() => fetch(`http://127.0.0.1:${port}/cart`), patience);
  // The primary of an instance is an owner besides its one worker.
  await vi.waitFor(() => shown(2, 4), patience);

  const [first] = instances;
  const ended = first && once(first, 'exit');
  first?.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  await vi.waitFor(() => shown(2, 2), patience);
});

/** Runs the command of a unit with its environment, as systemd does, but for the ports and directories of this test. */
function startInstance(
  name: string,
  {
    port,
    metricsPort,
    runtime,
  }: { readonly port: number; readonly metricsPort: number; readonly runtime: string },
): ChildProcess {
  const unit = readFileSync(join(folder, name), 'utf8')
    .replaceAll('%i', `${port}`)
    .replaceAll('/run/shop', runtime);
  const all = (key: string): string[] =>
    [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value);
  const [command = ''] = all('ExecStart');
  const [node, ...args] = command.split(' ');
  expect(node).toBe('/usr/bin/node');
  const env = Object.fromEntries(
    all('Environment').flatMap((line) => line.split(' ').map((pair) => pair.split('='))),
  );
  const shop = newDirectory();
  cpSync(join(folder, '..', 'shop'), shop, { recursive: true });
  mkdirSync(join(shop, 'node_modules'));
  symlinkSync(root, join(shop, 'node_modules', 'prom-client-mmap'));
  const child = spawn(process.execPath, args, {
    cwd: shop,
    env: { ...env, HOST: '127.0.0.1', PROM_CLIENT_MMAP_PORT: `${metricsPort}` },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  onTestFinished(async () => {
    if (child.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  });
  return child;
}

/** What systemd says of a unit, as it is but for the place of Node on this machine. */
function verify(name: string, changed: (unit: string) => string): string {
  const unit = readFileSync(join(folder, name), 'utf8').replace('/usr/bin/node', process.execPath);
  const copy = join(newDirectory(), name.replace('@', '@8001'));
  writeFileSync(copy, changed(unit));
  const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', copy], { encoding: 'utf8' });
  // Of other units of this machine there may be more to say.
  return `${stdout}${stderr}`
    .split('\n')
    .filter((line) => line.includes('shop'))
    .join('\n');
}
