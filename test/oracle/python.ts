import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Canonical, canonical } from './canonical';
import type { Trace } from './trace';

export interface PythonClient {
  readonly python: string;
  readonly version: string;
  /** The two modes of that name came with 0.18. */
  readonly mostRecent: boolean;
}

/** A Python that has prometheus_client: $ORACLE_PYTHON if set, else Debian's, else the first in the PATH. */
export function findPythonClient(): PythonClient | undefined {
  const asked = process.env['ORACLE_PYTHON'];
  const code = 'import importlib.metadata as m, prometheus_client; print(m.version("prometheus_client"))';
  for (const python of asked ? [asked] : ['/usr/bin/python3', 'python3']) {
    const { status, stdout } = spawnSync(python, ['-c', code], { encoding: 'utf8' });
    if (status !== 0) continue;
    const version = stdout.trim();
    const [major = 0, minor = 0] = version.split('.').map(Number);
    return { python, version, mostRecent: major > 0 || minor >= 18 };
  }
  return undefined;
}

export const missingPythonClient: string =
  'no python3 with prometheus_client is installed (Debian: apt-get install python3-prometheus-client)';

/** Python's client, told by replay.py to do what a trace says. */
export class PythonOracle {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #stderr = '';

  constructor({ python }: PythonClient) {
    this.#process = spawn(python, [join(__dirname, 'replay.py')]);
    this.#process.stderr.on('data', (text) => {
      this.#stderr += text;
    });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** One entry per `scrape` of the trace and one for its end. */
  async replay(trace: Trace): Promise<Canonical[]> {
    this.#process.stdin.write(`${JSON.stringify(trace)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`replay.py has ended\n${this.#stderr}`);
    return (JSON.parse(value) as string[]).map((text) => canonical(text));
  }

  end(): void {
    this.#process.stdin.end();
  }
}
