// Debian's Prometheus, when it is installed, on a loopback port of its own, with data in a temporary directory.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { start } from './processes.mjs';

const program = 'prometheus';

export const isInstalled = () => {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

export class Prometheus {
  url;
  #directory;

  /** Starts Prometheus with one target, scraped every second, and waits until it is ready. */
  async start(target) {
    this.#directory = await mkdtemp(join(tmpdir(), 'polls-prometheus-'));
    const config = join(this.#directory, 'prometheus.yml');
    const job = { job_name: 'polls', static_configs: [{ targets: [target] }] };
    const yaml = JSON.stringify({ global: { scrape_interval: '1s' }, scrape_configs: [job] }); // JSON is YAML.
    await writeFile(config, yaml);
    const address = `127.0.0.1:${await freePort()}`;
    const data = join(this.#directory, 'data');
    const args = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=${address}`,
    ];
    const child = start(program, [...args, '--log.level=error'], ['ignore', 'ignore', 'inherit']);
    this.url = `http://${address}`;
    await Promise.race([child.failed, this.#ready()]);
  }

  async #ready() {
    const deadline = Date.now() + 15_000;
    while (Date.now() < deadline) {
      const response = await fetch(`${this.url}/-/ready`).catch(() => undefined);
      if (response?.ok) return;
      await sleep(100);
    }
    throw new Error(`Prometheus was not ready within 15 s at ${this.url}`);
  }

  /** The answer of an instant query: an array of { metric, value }. */
  async query(expression) {
    const response = await fetch(`${this.url}/api/v1/query?query=${encodeURIComponent(expression)}`);
    const { status, data, error } = await response.json();
    if (status !== 'success') throw new Error(`Prometheus refused ${expression}: ${error}`);
    return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  /** The first answer that satisfies a condition, or the one after ten seconds. */
  async queryUntil(expression, isComplete) {
    const deadline = Date.now() + 10_000;
    for (;;) {
      const result = await this.query(expression);
      if (isComplete(result) || Date.now() > deadline) return result;
      await sleep(200);
    }
  }

  /** Removes the data of Prometheus, which must have exited. */
  async removeData() {
    if (this.#directory) await rm(this.#directory, { recursive: true, force: true });
  }
}

/** A port that the system has just found free. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
