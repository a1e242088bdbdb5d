import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import { Project } from '../adoption/support/project';
import { root } from './blocks';

/** The project of a user who follows the documents: the package is installed, and what an application needs besides. */
export function userProject(files: Readonly<Record<string, string>>): Project {
  const project = new Project(files);
  project.install();
  const linked = ['api', 'sdk-metrics', 'exporter-metrics-otlp-http'].map((name) => `@opentelemetry/${name}`);
  for (const name of ['prom-client', 'esbuild', ...linked]) project.link(name);
  const bin = join(project.directory, 'node_modules', '.bin');
  mkdirSync(bin);
  symlinkSync('../prom-client-mmap/bin/prom-client-mmap.mjs', join(bin, 'prom-client-mmap'));
  chmodSync(join(bin, 'prom-client-mmap'), 0o755); // as npm does
  symlinkSync('../esbuild/bin/esbuild', join(bin, 'esbuild'));
  for (const folder of ['deploy', 'docs']) symlinkSync(join(root, folder), join(project.directory, folder));
  return project;
}

/** A command of a document under a shell in a project. It ends with the test, and all that it has started. */
export class Running {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown[]>;
  output = '';

  constructor(project: Project, command: string, env: Readonly<Record<string, string>> = {}) {
    const { PATH, HOME } = process.env;
    const bin = join(project.directory, 'node_modules', '.bin');
    this.#child = spawn('sh', ['-c', command], {
      cwd: project.directory,
      // npm must not ask its registry for a version of its own.
      env: { PATH: `${bin}:${PATH}`, HOME, npm_config_update_notifier: 'false', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.#closed = once(this.#child, 'close');
    onTestFinished(() => this.end());
  }

  /** The output, when the command has ended by itself with this code. */
  async ended(code = 0): Promise<string> {
    await this.#closed;
    expect(this.#child.exitCode, this.output).toBe(code);
    return this.output;
  }

  /** Waits until the text at a URL is as it should be. */
  serves(url: string, expected: RegExp): Promise<void> {
    return this.#until(expected, async () => {
      const answer = await fetch(url, { headers: { connection: 'close' } });
      return answer.text();
    });
  }

  prints(expected: RegExp): Promise<void> {
    return this.#until(expected, () => this.output);
  }

  writes(file: string, expected: RegExp): Promise<void> {
    return this.#until(expected, () => readFileSync(file, 'utf8'));
  }

  /** Reads until it is as expected; fails when the command has ended before. */
  async #until(expected: RegExp, read: () => string | Promise<string>): Promise<void> {
    const failed = this.#closed.then(() => {
      throw new Error(`ended before ${expected} was to be seen: ${this.output}`);
    });
    const seen = vi.waitFor(async () => expect(await read()).toMatch(expected), {
      timeout: 60_000,
      interval: 50,
    });
    await Promise.race([seen, failed]);
  }

  /** Ends the whole tree: npx and sh hand no signal on. */
  async end(): Promise<void> {
    const { pid = 0, exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) process.kill(-pid, 'SIGTERM');
    await this.#closed;
  }
}
