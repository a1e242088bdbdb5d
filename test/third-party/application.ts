import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Starts an application, by default in the present runtime, that sends the port it listens on. It ends with the test. */
export async function startApplication(
  file: string,
  argument: string,
  { execPath, execArgv = [] }: { execPath?: string; execArgv?: string[] } = {},
): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(file, [argument], {
    cwd: join(file, '..', '..'),
    env: { PATH: process.env['PATH'], NODE_ENV: 'test' },
    ...(execPath && { execPath }),
    execArgv,
    stdio: 'inherit',
  });
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    if (child.connected) child.disconnect();
    await exited;
  });
  const [port] = (await Promise.race([once(child, 'message'), exited])) as [number];
  return { child, port };
}
