// An instance of the application: the shop of deploy/ as a cluster of two workers, at a port of its own, with its metrics at another.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort, kill, start } from '../support/processes.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

export class Instance {
  name;
  port;
  /** Host and port of the metrics: Prometheus' label `instance`. */
  target;
  #directory;
  #primary;

  constructor(name) {
    this.name = name;
  }

  /** Rejects when it ends by itself. */
  get failed() {
    return this.#primary.failed;
  }

  /** Starts it, and waits until it serves pages and metrics. */
  async start() {
    this.#directory = await mkdtemp(join(tmpdir(), 'demo-outage-'));
    const [port, metricsPort] = [await freePort(), await freePort()];
    this.port = port;
    this.target = `127.0.0.1:${metricsPort}`;
    const env = {
      ...process.env,
      HOST: '127.0.0.1',
      PORT: port,
      WORKERS: 2,
      PROMETHEUS_MULTIPROC_DIR: this.#directory,
      PROM_CLIENT_MMAP_PORT: metricsPort,
      PROM_CLIENT_MMAP_SELF_METRICS: 'all',
      PROM_CLIENT_MMAP_HTTP_NORMALIZE_PATH: 1,
    };
    this.#primary = start(
      process.execPath,
      ['--import', 'prom-client-mmap/auto', join(root, 'deploy', 'shop', 'server.mjs')],
      { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit'] },
    );
    await Promise.race([this.failed, this.#served()]);
    return this;
  }

  async #served() {
    const urls = [`http://127.0.0.1:${this.port}/health`, `http://${this.target}/metrics`];
    while (!(await Promise.all(urls.map(answers))).every(Boolean)) await sleep(50);
  }

  /** Sends SIGKILL to one of its workers, which the primary replaces. Its pid. */
  killWorker() {
    const [worker] = this.#workers();
    process.kill(worker, 'SIGKILL');
    return worker;
  }

  /** Sends SIGKILL to all of its processes. */
  async kill() {
    const workers = this.#workers();
    const dead = kill(this.#primary);
    for (const worker of workers) process.kill(worker, 'SIGKILL');
    await dead;
  }

  /** Those that serve: they are older than a replacement. */
  #workers() {
    const { pid } = this.#primary;
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  }

  async removeData() {
    if (this.#directory) await rm(this.#directory, { recursive: true, force: true });
  }
}

const answers = (url) =>
  fetch(url, { headers: { connection: 'close' } }).then(
    async (response) => {
      await response.text();
      return true;
    },
    () => false,
  );
