import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export const root: string = join(__dirname, '..', '..', '..');

type Library = typeof import('../../../src/index');

/**
 * A process, cluster worker or worker thread that does what it is asked; test/fixtures/member.mjs is its program.
 * It ends with the test, if not before.
 */
export class Member {
  readonly pid: number;
  readonly #link: Link;
  /** The way from the process of the link to this member: who has started whom. */
  readonly #path: readonly number[];

  constructor(link: Link, pid: number, path: readonly number[]) {
    this.#link = link;
    this.pid = pid;
    this.#path = path;
  }

  /** Runs a function over there. It gets the library and `argument`, and can use nothing from around it here. */
  run<R>(task: (library: Library) => R): Promise<Awaited<R>>;
  run<R, A>(task: (library: Library, argument: A) => R, argument: A): Promise<Awaited<R>>;
  run<R, A>(task: (library: Library, argument: A) => R, argument?: A): Promise<Awaited<R>> {
    return this.#ask({ action: 'run', code: task.toString(), argument }) as Promise<Awaited<R>>;
  }

  /** What it answers to a scrape. */
  scrape(): Promise<string> {
    return this.run(({ register }) => register.metrics());
  }

  /** All warnings that it has emitted so far. */
  warnings(): Promise<{ name: string; code?: string; message: string }[]> {
    return this.#ask({ action: 'warnings' }) as Promise<{ name: string; code?: string; message: string }[]>;
  }

  startThread(): Promise<Member> {
    return this.#start('thread');
  }

  startWorker(): Promise<Member> {
    return this.#start('worker');
  }

  /** SIGKILL, or `terminate()` for a thread. When it is done, the member is no more, and its parent knows. */
  async kill(): Promise<void> {
    const number = this.#path.at(-1);
    if (number === undefined) await this.#link.kill();
    else await this.#link.ask(this.#path.slice(0, -1), { action: 'end', number });
  }

  /** Lets a process come to its natural end; returns its exit code. */
  leave(): Promise<number | null> {
    return this.#link.leave();
  }

  async #start(kind: 'thread' | 'worker'): Promise<Member> {
    const { number, pid } = (await this.#ask({ action: 'start', kind })) as { number: number; pid: number };
    return new Member(this.#link, pid, [...this.#path, number]);
  }

  #ask(request: Request): Promise<unknown> {
    return this.#link.ask(this.#path, request);
  }
}

export interface MemberOptions {
  /** The group's directory, as PROMETHEUS_MULTIPROC_DIR says it. */
  readonly directory?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  /** Where the process starts. */
  readonly cwd?: string;
  /** A command that runs the command after it in another environment, such as `unshare` with its options. */
  readonly through?: readonly string[];
  /** Another place than this clone to take the library and the program from. */
  readonly from?: string;
}

/** The environment of a member that waits for others no longer than the library does by default. */
export const defaultDeadline = { PROM_CLIENT_MMAP_COLLECT_DEADLINE_MS: '100' } as const;

/**
 * Starts a plain Node process. It waits for the `collect` functions of others for so long that no owner is late because the machine is
 * busy: a test about late owners sets `defaultDeadline`.
 */
export async function spawn(options: MemberOptions = {}): Promise<Member> {
  const { directory, env, uid, through = [], from = root, cwd = from } = options;
  const [execPath = '', ...execArgv] = [...through, process.execPath];
  const child = fork(join(from, 'test', 'fixtures', 'member.mjs'), {
    cwd,
    env: {
      PATH: process.env['PATH'],
      PROM_CLIENT_MMAP_COLLECT_DEADLINE_MS: '20000',
      ...(directory === undefined ? {} : { PROMETHEUS_MULTIPROC_DIR: directory }),
      ...env,
    },
    ...(uid === undefined ? {} : { uid, gid: uid }),
    execPath,
    execArgv,
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const link = new Link(child);
  onTestFinished(() => link.end());
  await link.ready;
  return new Member(link, child.pid ?? 0, []);
}

type Request = { readonly action: string; readonly [key: string]: unknown };
type Answer =
  | { readonly ready: true }
  | { readonly id: number; readonly value?: unknown; readonly error?: { readonly message: string } };

/** Requests to one process and through it to its workers and threads; each has a number, by which answers find it. */
class Link {
  readonly ready: Promise<void>;
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #requests = 0;
  #hasEnded = false;
  #stderr = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    const ready = withResolvers<void>();
    this.ready = ready.promise;
    child.stderr?.on('data', (text) => {
      this.#stderr += text;
    });
    child.on('message', (answer: Answer) => {
      if ('ready' in answer) ready.resolve();
      else this.#resolve(answer);
    });
    child.on('error', (error) => ready.reject(error));
    // Not `exit`: after `close` nothing comes any more, neither messages nor the rest of stderr.
    this.#closed = once(child, 'close').then(([code, signal]) => {
      this.#hasEnded = true;
      const reason = new Error(
        `process ${child.pid} has ended: code ${code}, signal ${signal}\n${this.#stderr}`,
      );
      ready.reject(reason);
      for (const { reject } of this.#waiting.values()) reject(reason);
    });
    this.#closed.catch(() => undefined); // it could not be started: `ready` has rejected
  }

  ask(to: readonly number[], request: Request): Promise<unknown> {
    if (this.#hasEnded) {
      return Promise.reject(new Error(`process ${this.#child.pid} has ended\n${this.#stderr}`));
    }
    const id = ++this.#requests;
    const waiting = withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    this.#child.send({ id, to, ...request }, (error) => {
      if (error !== null) waiting.reject(error);
    });
    return waiting.promise;
  }

  async kill(): Promise<void> {
    if (this.#child.pid === undefined || this.#hasEnded) return;
    this.#child.kill('SIGKILL');
    await this.#closed;
  }

  /** As nicely as it can be had: workers end before their primary, and nothing is left behind. */
  async end(): Promise<void> {
    if (this.#child.pid === undefined || this.#hasEnded) return;
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    await Promise.all([this.ask([], { action: 'leave' }).catch(() => undefined), this.#closed]);
    clearTimeout(timer);
  }

  async leave(): Promise<number | null> {
    await this.ask([], { action: 'leave' });
    await this.#closed;
    return this.#child.exitCode;
  }

  #resolve({ id, value, error }: Exclude<Answer, { ready: true }>): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(Object.assign(new Error(error.message), error));
  }
}

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: Error) => void;
}

function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: Error) => void = () => undefined;
  const promise = new Promise<T>((...functions) => {
    [resolve, reject] = functions;
  });
  return { promise, resolve, reject };
}
