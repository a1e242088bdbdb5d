import { type ChildProcess, fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import type { StatsdOptions } from '../../src/statsd';

/** Sends datagrams from one socket, each when the one before has left. */
export async function sendUdp(port: number, packets: readonly string[]): Promise<void> {
  const socket = createSocket('udp4');
  for (const packet of packets) {
    await new Promise<void>((resolve, reject) =>
      socket.send(packet, port, '127.0.0.1', (error) => (error ? reject(error) : resolve())),
    );
  }
  socket.close();
  await once(socket, 'close');
}

/** Awaits a line of an exposition. */
export async function untilShown(text: () => Promise<string>, line: string): Promise<void> {
  await vi.waitFor(async () => expect(`\n${await text()}`).toContain(`\n${line}\n`), {
    timeout: 60_000,
    interval: 20,
  });
}

/** A process of a group that listens; member.mjs is its program. */
export class Member {
  readonly warnings: { readonly code: string; readonly message: string }[] = [];
  readonly child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.child = child;
  }

  static async start(
    options: StatsdOptions,
    env: Readonly<Record<string, string>>,
    execArgv: readonly string[] = [],
  ): Promise<Member> {
    const child = fork(join(__dirname, 'member.mjs'), [JSON.stringify(options)], {
      env: { PATH: process.env['PATH'], ...env },
      execArgv: [...execArgv],
    });
    const member = new Member(child);
    child.on(
      'message',
      ({ warning }: { warning?: { code: string; message: string } }) =>
        warning && member.warnings.push(warning),
    );
    const closed = once(child, 'close');
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await closed;
    });
    await member.#next('ready');
    return member;
  }

  async addresses(): Promise<object> {
    const answer = this.#next('addresses');
    this.child.send({});
    return (await answer) as object;
  }

  async scrape(): Promise<string> {
    const answer = this.#next('text');
    this.child.send({ scrape: true });
    return (await answer) as string;
  }

  /** Blocks its event loop until there is a file. Resolves when that has begun. */
  async blockUntil(file: string): Promise<void> {
    const answer = this.#next('blocked');
    this.child.send({ block: file });
    await answer;
  }

  #next(key: string): Promise<unknown> {
    return new Promise((resolve) => {
      const listener = (message: Record<string, unknown>): void => {
        if (!(key in message)) return;
        this.child.removeListener('message', listener);
        resolve(message[key]);
      };
      this.child.on('message', listener);
    });
  }
}
