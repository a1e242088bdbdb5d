import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { newDirectory } from './directories';
import { root } from './member';

/** From a worker, by its number. */
interface Message {
  readonly worker: number;
  readonly port?: number;
  readonly warning?: { readonly code: string; readonly message: string };
}

/** A worker of a running application. */
export class ApplicationWorker {
  readonly warnings: { readonly code: string; readonly message: string }[] = [];
  readonly listening: Promise<number>;
  #listens: (port: number) => void = () => undefined;

  constructor() {
    this.listening = new Promise((resolve) => {
      this.#listens = resolve;
    });
  }

  take({ port, warning }: Message): void {
    if (port !== undefined) this.#listens(port);
    if (warning !== undefined) this.warnings.push(warning);
  }

  /** Its answer to a request. Rejects for the status 500, with the text of the error. */
  async get(path: string): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${await this.listening}${path}`, {
      headers: { connection: 'close' },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text;
  }
}

export interface ApplicationOptions {
  readonly workers?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly execArgv?: readonly string[];
}

/**
 * Starts an application as a cluster of Node: `files` are its sources by their paths, the first is its main file. A main file calls the
 * global function `answer()`; see test/fixtures/cluster-application.mjs.
 */
export async function startApplication(
  files: Readonly<Record<string, string>>,
  { workers: count = 2, env = {}, execArgv = [] }: ApplicationOptions = {},
): Promise<readonly ApplicationWorker[]> {
  const directory = newDirectory();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  mkdirSync(join(directory, 'node_modules'), { recursive: true });
  symlinkSync(root, join(directory, 'node_modules', 'prom-client-mmap'));
  const [main = ''] = Object.keys(files);
  const primary = fork(
    join(root, 'test', 'fixtures', 'cluster-application.mjs'),
    [join(directory, main), `${count}`],
    {
      cwd: directory,
      env: { PATH: process.env['PATH'], PROM_CLIENT_MMAP_COLLECT_DEADLINE_MS: '20000', ...env },
      execArgv: [...execArgv],
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  );
  onTestFinished(async () => {
    primary.disconnect();
    await once(primary, 'exit');
  });
  const workers = Array.from({ length: count }, () => new ApplicationWorker());
  primary.on('message', (message: Message) => workers[message.worker]?.take(message));
  const failed = once(primary, 'exit').then(() => {
    throw new Error('the application has ended');
  });
  failed.catch(() => undefined);
  await Promise.race([failed, Promise.all(workers.map((worker) => worker.listening))]);
  return workers;
}
