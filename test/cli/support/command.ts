import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { root } from '../../multiprocess/support/member';

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const program = join(root, 'bin', 'prom-client-mmap.mjs');

/** The environment of a command: none of the variables that name a group to the tests themselves. */
function environment(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], ...env };
}

/** Runs `prom-client-mmap` to its end, without a terminal. */
export async function command(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Result> {
  const child = spawn(process.execPath, [program, ...args], {
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    output.stderr += text;
  });
  const [code] = await once(child, 'close');
  return { code, ...output };
}

/** A command that goes on until the test ends it, or `end()`. */
export interface RunningCommand {
  readonly child: ChildProcess;
  /** Its first line. */
  readonly line: string;
  /** Sends SIGTERM; resolves to the exit code. */
  end(): Promise<number | null>;
}

/** Starts `prom-client-mmap`, and waits for its first line; rejects when it ends before. */
export async function startCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<RunningCommand> {
  const child = spawn(process.execPath, [program, ...args], {
    env: environment(env),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const end = async (): Promise<number | null> => {
    child.kill();
    return (await closed)[0] as number | null;
  };
  onTestFinished(async () => {
    await end();
  });
  const line = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more) => {
      text += more;
      if (text.includes('\n')) resolve(text.split('\n')[0] ?? '');
    });
    child.once('close', (code) => reject(new Error(`ended with ${code}: ${text}`)));
  });
  return { child, line, end };
}
