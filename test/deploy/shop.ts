import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { newDirectory } from '../multiprocess/support/directories';
import { root } from '../multiprocess/support/member';
import { freePort } from '../third-party/free-port';

export interface Shop {
  readonly child: ChildProcess;
  /** Host and port of the shop, and of its metrics. */
  readonly address: string;
  readonly metrics: string;
}

/** The shop of deploy/ as its users start it, with two workers, when it serves pages and metrics. It ends with the test. */
export async function startShop(env: Readonly<Record<string, string>> = {}): Promise<Shop> {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const child = spawn(
    process.execPath,
    ['--import', join(root, 'dist', 'auto', 'index.js'), join(root, 'deploy', 'shop', 'server.mjs')],
    {
      env: {
        PATH: process.env['PATH'],
        HOST: '127.0.0.1',
        PORT: `${port}`,
        WORKERS: '2',
        PROMETHEUS_MULTIPROC_DIR: newDirectory(),
        PROM_CLIENT_MMAP_PORT: `${metricsPort}`,
        PROM_CLIENT_MMAP_SELF_METRICS: 'all',
        PROM_CLIENT_MMAP_HTTP_NATIVE: '1',
        PROM_CLIENT_MMAP_HTTP_NORMALIZE_PATH: '1',
        ...env,
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await exited;
  });
  const shop = { child, address: `127.0.0.1:${port}`, metrics: `127.0.0.1:${metricsPort}` };
  await vi.waitFor(
    async () => {
      await fetch(`http://${shop.address}/cart`);
      await fetch(`http://${shop.metrics}/metrics`);
    },
    { timeout: 60_000, interval: 50 },
  );
  return shop;
}

const paths = ['/cart', '/search', '/item/1', '/item/2', '/pay', '/nothing'];

/** Requests every page once a round, over new connections so that each worker gets some, until the test ends. */
export function shopAround({ address }: Shop): void {
  let ended = false;
  const visits = (async () => {
    while (!ended) {
      const answers = paths.map((path) =>
        fetch(`http://${address}${path}`, {
          headers: { connection: 'close' },
          signal: AbortSignal.timeout(5000), // node:cluster may pass a connection to a worker that has died
        }).then(
          (answer) => answer.text(),
          () => undefined, // of a worker that was killed
        ),
      );
      await Promise.all([...answers, leave(address)]);
    }
  })();
  onTestFinished(async () => {
    ended = true;
    await visits;
  });
}

/** A client that goes away before its answer. */
async function leave(address: string): Promise<void> {
  const [host, port] = address.split(':');
  const socket = connect(Number(port), host);
  socket.on('error', () => undefined);
  socket.write('GET /search HTTP/1.1\r\nHost: shop\r\n\r\n');
  await new Promise((resolve) => setTimeout(resolve, 5));
  socket.destroy();
}
