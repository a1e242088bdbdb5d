import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { newDirectory } from '../../multiprocess/support/directories';
import { freePort } from '../../third-party/free-port';

export const missingPrometheus = 'prometheus is not installed (Debian: apt-get install prometheus)';

export function hasPrometheus(): boolean {
  try {
    execFileSync('prometheus', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

interface PrometheusOptions {
  /** Of `--enable-feature`. */
  readonly features?: readonly string[];
  /** Absolute paths. */
  readonly ruleFiles?: readonly string[];
}

interface Result {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [time: number, value: string];
  readonly histogram?: readonly [time: number, histogram: { readonly count: string }];
}

/** The value of a native histogram is its count. */
interface Point {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A Prometheus of this test, on the loopback interface, with its data in a temporary directory. */
export class Prometheus {
  readonly #url: string;

  private constructor(url: string) {
    this.#url = url;
  }

  /** Starts it with these scrape_configs, each scraped and each rule evaluated every second, and waits until it is ready. */
  static async start(jobs: readonly object[], options: PrometheusOptions = {}): Promise<Prometheus> {
    const { features = [], ruleFiles = [] } = options;
    const directory = newDirectory();
    const config = join(directory, 'prometheus.yml');
    // JSON is YAML.
    const global = { scrape_interval: '1s', evaluation_interval: '1s' };
    writeFileSync(config, JSON.stringify({ global, rule_files: ruleFiles, scrape_configs: jobs }));
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(
      'prometheus',
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        `--web.listen-address=${address}`,
        '--log.level=error',
        ...features.map((feature) => `--enable-feature=${feature}`),
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const closed = once(child, 'close');
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await closed;
    });
    const url = `http://${address}`;
    await vi.waitFor(
      async () => {
        if (!(await fetch(`${url}/-/ready`)).ok) throw new Error('Prometheus is not ready');
      },
      { timeout: 60_000, interval: 100 },
    );
    return new Prometheus(url);
  }

  /** The result of an instant query. */
  async query(expression: string): Promise<Point[]> {
    const response = await fetch(`${this.#url}/api/v1/query?query=${encodeURIComponent(expression)}`);
    const { data, error } = (await response.json()) as {
      readonly data?: { readonly result: Result[] };
      readonly error?: string;
    };
    if (data === undefined) throw new Error(`Prometheus refused ${expression}: ${error}`);
    return data.result.map(({ metric, value, histogram }) => ({
      metric,
      value: Number(value?.[1] ?? histogram?.[1].count),
    }));
  }
}
