// Debian's Prometheus, when it is installed, on a loopback port of its own, with data in a temporary directory.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, kill, start } from './processes.mjs';

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
  #args;
  #child;

  /** The directory with its data. */
  get data() {
    return join(this.#directory, 'data');
  }

  /** Starts Prometheus with these scrape_configs, and waits until it is ready. `features` are those of --enable-feature. */
  async start(jobs, { interval = '1s', features = [] } = {}) {
    this.#directory = await mkdtemp(join(tmpdir(), 'demo-prometheus-'));
    const config = join(this.#directory, 'prometheus.yml');
    const global = { scrape_interval: interval };
    await writeFile(config, JSON.stringify({ global, scrape_configs: jobs })); // JSON is YAML.
    const address = `127.0.0.1:${await freePort()}`;
    this.url = `http://${address}`;
    this.#args = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${this.data}`,
      `--web.listen-address=${address}`,
      '--log.level=error',
      ...features.map((feature) => `--enable-feature=${feature}`),
    ];
    await this.restart();
  }

  /** Sends SIGKILL. The data stay. */
  async kill() {
    await kill(this.#child);
  }

  /** Starts Prometheus again, at its address and with its data. */
  async restart() {
    this.#child = start(program, this.#args, { stdio: ['ignore', 'ignore', 'inherit'] });
    await Promise.race([this.#child.failed, this.#ready()]);
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
    const result = await this.#ask('query', { query: expression });
    return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  /** The answer of a query over time, in seconds: an array of { metric, values }, whose values are [time, value]. */
  async queryRange(expression, { from, to, step }) {
    return withNumbers(await this.#ask('query_range', { query: expression, start: from, end: to, step }));
  }

  /** The samples as they are stored, for a range such as `up[60s]`; in the form of `queryRange()`. */
  async samples(expression) {
    return withNumbers(await this.#ask('query', { query: expression }));
  }

  async #ask(kind, parameters) {
    const response = await fetch(`${this.url}/api/v1/${kind}?${new URLSearchParams(parameters)}`);
    const { status, data, error } = await response.json();
    if (status !== 'success') throw new Error(`Prometheus refused ${parameters.query}: ${error}`);
    return data.result;
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

function withNumbers(result) {
  return result.map(({ metric, values }) => ({
    metric,
    values: values.map(([time, value]) => [time, Number(value)]),
  }));
}
