import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** Another version than the installed one: `PROMETHEUS_BINARY=/opt/prometheus-3/prometheus`. */
const binary = process.env['PROMETHEUS_BINARY'] ?? 'prometheus';

/** Why there is no Prometheus to scrape; undefined where there is one. */
export function missingPrometheus(): string | undefined {
  const isThere = spawnSync(binary, ['--version']).status === 0;
  return isThere ? undefined : `${binary} is not installed (Debian: apt-get install prometheus)`;
}

/** A real Prometheus, with native histograms and exemplars. */
export class Prometheus {
  /** The first number. */
  readonly version: number;
  readonly #child: ChildProcess;
  readonly #url: string;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#url = `http://127.0.0.1:${port}/api/v1`;
    const { stdout, stderr } = spawnSync(binary, ['--version'], { encoding: 'utf8' });
    this.version = Number(/version (\d+)/.exec(stdout + stderr)?.[1]);
  }

  /** Each job scrapes the path of its name, twice a second. */
  static async start(directory: string, targetPort: number, jobs: readonly string[]): Promise<Prometheus> {
    const port = await freePort();
    const config = join(directory, 'prometheus.yml');
    const scrapes = jobs.map(
      (job) => `
  - job_name: ${job}
    metrics_path: /${job}
    static_configs: [{ targets: ['127.0.0.1:${targetPort}'] }]`,
    );
    const global = 'global: { scrape_interval: 500ms, scrape_timeout: 450ms }';
    writeFileSync(config, `${global}\nscrape_configs:${scrapes.join('')}\n`);
    const options = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(directory, 'tsdb')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=native-histograms,exemplar-storage',
    ];
    return new Prometheus(spawn(binary, options, { stdio: 'ignore' }), port);
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  /** The first number of the result; undefined for none. */
  async value(query: string): Promise<number | undefined> {
    const data = await this.#ask<{ result?: { value?: [number, string] }[] }>(
      `/query?query=${encodeURIComponent(query)}`,
    );
    const value = data?.result?.[0]?.value?.[1];
    return value === undefined ? undefined : Number(value);
  }

  /** The labels of all exemplars of the last minutes. */
  async exemplars(query: string): Promise<Record<string, string>[]> {
    const now = Date.now() / 1000;
    const range = `&start=${now - 300}&end=${now + 10}`;
    const series = await this.#ask<{ exemplars: { labels: Record<string, string> }[] }[]>(
      `/query_exemplars?query=${encodeURIComponent(query)}${range}`,
    );
    return (series ?? []).flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels));
  }

  async #ask<D>(path: string): Promise<D | undefined> {
    const answer = await fetch(this.#url + path).catch(() => undefined);
    return ((await answer?.json().catch(() => undefined)) as { data?: D } | undefined)?.data;
  }
}

async function freePort(): Promise<number> {
  const socket = createServer().listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address() as AddressInfo;
  socket.close();
  await once(socket, 'close');
  return port;
}
