import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';

export const root: string = join(__dirname, '..', '..', '..');

export interface Outcome {
  readonly status: number | null;
  /** Of both streams. */
  readonly output: string;
}

/** A directory with an application in it, which goes with the tests of its file. */
export class Project {
  readonly directory: string;

  constructor(files: Readonly<Record<string, string>> = {}) {
    this.directory = mkdtempSync(join(tmpdir(), 'prom-client-mmap-project-'));
    afterAll(() => rmSync(this.directory, { recursive: true, force: true }), 120_000);
    this.write('package.json', '{ "private": true }');
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  write(path: string, text: string | Uint8Array): void {
    const file = join(this.directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** What npm makes of an installation under `name`, with or without the compiled addon. */
  install(name = 'prom-client-mmap', { addon = true, at = 'node_modules' } = {}): void {
    const parts = ['package.json', 'index.js', 'lib', 'dist', 'bin', 'scripts/addon.mjs'];
    if (addon) parts.push('build/Release/prom_client_mmap.node');
    for (const part of parts) {
      const to = join(this.directory, at, name, part);
      mkdirSync(dirname(to), { recursive: true });
      cpSync(join(root, part), to, { recursive: true });
    }
  }

  /** A package of this clone, with its dependencies. */
  link(name: string): void {
    const path = join(this.directory, 'node_modules', name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), path);
  }

  /** Runs npm in the project, such as to install packages beside those that it has. */
  async npm(...args: readonly string[]): Promise<void> {
    const options = [
      '--ignore-scripts',
      '--no-save',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      '--loglevel=error',
    ];
    const { status, output } = await this.run('npm', [...args, ...options]);
    if (status !== 0) throw new Error(output);
    this.install();
  }

  /** Runs a program of this directory in Node, without the environment of these tests. */
  node(...args: readonly string[]): Promise<Outcome> {
    return this.run(process.execPath, args);
  }

  async run(
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    cwd = this.directory,
  ): Promise<Outcome> {
    const child = spawn(command, args, {
      cwd,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const [status] = (await once(child, 'close')) as [number | null];
    return { status, output };
  }
}

/** An application of two cluster workers that prints the exposition of its primary, and its warnings. */
export function clusterApp(kind: 'cjs' | 'mjs', name = 'prom-client-mmap'): string {
  const names = '{ Counter, register }';
  const imports =
    kind === 'cjs'
      ? `const cluster = require('node:cluster'); const ${names} = require('${name}');`
      : `import cluster from 'node:cluster'; import ${names} from '${name}';`;
  return `${imports}
    process.on('warning', ({ code, message }) => console.log(code, message));
    if (cluster.isPrimary) {
      const workers = [cluster.fork(), cluster.fork()];
      let counted = 0;
      for (const worker of workers) {
        worker.on('message', async () => {
          if (++counted < workers.length) return;
          console.log(await register.metrics());
          for (const worker of workers) worker.disconnect();
        });
      }
    } else {
      new Counter({ name: 'app_total', help: 'h' }).inc(21);
      process.send('counted');
    }`;
}
