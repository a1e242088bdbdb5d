import { closeSync, constants, openSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { debuglog } from 'node:util';
import { Worker } from 'node:worker_threads';
import { realProcess } from '../../process';
import { globalRegistry, type OwnRegistry } from '../../registry/registry';
import { chosenOptions, currentStore } from '../../store/current';
import { isDecided } from '../../store/options';
import { busyAddress, warn } from '../../store/warnings';
import type { RegistryContentType } from '../../types/content-types';
import { checkedOptions, type HandlerOptions } from '../handler-options';
import { metricsHandler } from '../metrics-handler';
import { Endpoint, type EndpointListener } from './endpoint';
import {
  addressText,
  checkServerOptions,
  type MetricsServerOptions,
  type ServerAddress,
  serverAddress,
} from './server-options';
import type { ThreadData, ThreadMessage } from './thread';

/** How often a process asks whether it has become the one that serves, in milliseconds. */
const roleMs = 500;

/** A port that an exiting process of the group has is free soon after; then it is another application's. */
const busyMs = 5000;

/** A busy process is not waited for as long as by other scrapes: the server is asked because processes may be busy. */
const collectDeadlineMs = 20;

// The lock of the role has made the file. If another kind of file has its name, no call waits for that.
const { O_RDONLY, O_WRONLY, O_TRUNC, O_NONBLOCK, O_NOFOLLOW } = constants;

function withFile<R>(path: string, flags: number, action: (descriptor: number) => R): R {
  const descriptor = openSync(path, flags | O_NONBLOCK | O_NOFOLLOW);
  try {
    return action(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

const debug = debuglog('prom-client-mmap');

/** The part of this process in the server of its group. */
export interface MetricsServer {
  /**
   * Where the group's server listens, in this process or another one: as `address()` of node:net returns it, undefined as long as that is
   * not known.
   */
  readonly address: AddressInfo | string | undefined;
  /** Ends it in this process; another one of the group takes over. */
  close(): Promise<void>;
}

// All copies of the library in this thread.
const serversKey: unique symbol = Symbol.for('prom-client-mmap/servers/1');
const globals = globalThis as { [serversKey]?: Map<string, MetricsServer> };

/**
 * Serves the metrics of the whole group at one address. To be called in each process of the group, with the same options: one of them
 * serves, from a worker thread that answers while all main threads are busy, and another one takes over within two seconds of its end.
 * Every other path than the metrics', `/healthz` and `/` is not found. It keeps no process alive, and adds no handler of signals.
 *
 * Resolves after the first attempt: as long as the address is taken by another application, a warning says so, and it is tried
 * again each second. A second call for an address changes nothing and resolves to the same object.
 *
 * @throws (as a rejection) a TypeError with code `ERR_OPTION_UNKNOWN` or `ERR_OPTION_VALUE`.
 */
export async function startMetricsServer(options: MetricsServerOptions = {}): Promise<MetricsServer> {
  checkServerOptions(options);
  const { host, port, path, socketPath, page, thread, ...handler } = options;
  const address = serverAddress({ host, port, path, socketPath, page, thread });
  checkedOptions(handler);
  globals[serversKey] ??= new Map();
  const servers = globals[serversKey];
  const key = addressText(address);
  const present = servers.get(key);
  if (present !== undefined) return present;
  const server = new GroupServer(address, handler, thread ?? true, () => servers.delete(key));
  servers.set(key, server);
  await server.ready;
  return server;
}

/** The endpoint that this process serves from, in this thread or in one of its own. */
interface Serving {
  close(): Promise<unknown>;
}

class GroupServer implements MetricsServer, EndpointListener {
  /** Resolves after the first attempt to serve, or when another process serves. */
  readonly ready: Promise<void>;
  readonly #address: ServerAddress;
  readonly #handler: Omit<HandlerOptions, 'log'>;
  readonly #closed: () => void;
  readonly #role: string;
  readonly #timer: NodeJS.Timeout;
  #usesThread: boolean;
  #serving: Serving | undefined;
  #listening: AddressInfo | string | undefined;
  #failingSince: number | undefined;
  #hasWarned = false;
  #resolve: () => void = () => undefined;

  constructor(
    address: ServerAddress,
    handler: Omit<HandlerOptions, 'log'>,
    usesThread: boolean,
    closed: () => void,
  ) {
    this.#address = address;
    this.#handler = handler;
    this.#usesThread = usesThread;
    this.#closed = closed;
    this.#role = `.server-${addressText(address).replace(/[^\w.:[\]-]/g, '_')}`;
    this.ready = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#timer = setInterval(() => this.#takeRole(), roleMs);
    this.#timer.unref();
    this.#takeRole();
  }

  get address(): AddressInfo | string | undefined {
    if (this.#serving !== undefined) return this.#listening;
    const { directory } = this.#store ?? {};
    if (directory === undefined) return undefined;
    const path = join(directory, this.#role);
    try {
      return JSON.parse(withFile(path, O_RDONLY, (file) => readFileSync(file, 'utf8'))) as
        | AddressInfo
        | string;
    } catch {
      return undefined; // no process serves yet
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closed();
    await this.#stop();
    this.#store?.resign(this.#role);
  }

  listening(address: AddressInfo | string): void {
    this.#listening = address;
    this.#failingSince = undefined;
    this.#note(address);
    const text = typeof address === 'string' ? address : `${address.address}:${address.port}`;
    debug('metrics of the group: %s%s', text, this.#address.path);
    this.#resolve();
  }

  failed({ code = '', message }: Pick<NodeJS.ErrnoException, 'code' | 'message'>): void {
    const now = performance.now();
    this.#failingSince ??= now;
    const isOver = code !== 'EADDRINUSE' || now - this.#failingSince >= busyMs;
    if (isOver && !this.#hasWarned) {
      this.#hasWarned = true;
      warn(busyAddress(addressText(this.#address), code, message));
    }
    this.#resolve();
  }

  get #store(): Exclude<ReturnType<typeof currentStore>, { shared: false }> | undefined {
    const store = currentStore();
    return store.shared ? store : undefined;
  }

  #takeRole(): void {
    const store = this.#store;
    const leads = store === undefined || store.leads(this.#role);
    if (leads && this.#serving === undefined) this.#serve();
    if (leads) return;
    if (this.#serving !== undefined) void this.#stop();
    this.#resolve();
  }

  #serve(): void {
    const data = this.#usesThread ? this.#threadData() : undefined;
    this.#serving =
      (data && this.#startThread(data)) ?? new Endpoint(this.#address, metricsHandler(this.#handler), this);
  }

  async #stop(): Promise<void> {
    const serving = this.#serving;
    this.#serving = undefined;
    if (this.#listening !== undefined) this.#note(undefined);
    this.#listening = undefined;
    await serving?.close();
  }

  /** Undefined where another thread cannot show the registry. */
  #threadData(): ThreadData | undefined {
    const store = this.#store;
    const { registry = globalRegistry, ...handler } = this.#handler;
    const [scope, ...more] = (registry as OwnRegistry).scopes();
    if (store === undefined || scope === undefined || more.length > 0 || scope.startsWith('at:'))
      return undefined;
    const chosen = chosenOptions();
    const deadline = isDecided('collectDeadlineMs', chosen) ? {} : { collectDeadlineMs };
    return {
      address: this.#address,
      options: { ...chosen, ...deadline, shared: true },
      scope,
      contentType: registry.contentType as RegistryContentType,
      handler,
    };
  }

  /** Undefined where the runtime does not allow threads. */
  #startThread(workerData: ThreadData): Serving | undefined {
    let worker: Worker;
    try {
      // Without preloads, which would count and serve in that thread, too.
      const env = { ...realProcess.env, NODE_OPTIONS: '' };
      const options = { workerData, execArgv: [], env, name: 'prom-client-mmap' };
      worker = new Worker(join(__dirname, 'thread.js'), options);
    } catch {
      return undefined;
    }
    let hasListened = false;
    worker.on('message', ({ listening, failed }: ThreadMessage) => {
      // `node --watch` sends the modules of threads, too, from Node 24 on.
      if (listening === undefined && failed === undefined) return;
      worker.unref(); // not before: the caller waits for this message
      if (this.#serving !== serving) return;
      if (listening === undefined) return this.failed(failed as NodeJS.ErrnoException);
      hasListened = true;
      this.listening(listening);
    });
    worker.on('error', (error) => {
      debug('the thread of the metrics server has failed: %s', error.message);
      // It cannot even begin, as in a bundle without its file.
      if (!hasListened) this.#usesThread = false;
    });
    worker.on('exit', () => {
      if (this.#serving !== serving) return;
      this.#serving = undefined; // the timer starts another one
      if (!this.#usesThread) this.#takeRole();
    });
    const serving: Serving = { close: () => worker.terminate() };
    return serving;
  }

  /** Tells the other processes of the group the address. */
  #note(address: AddressInfo | string | undefined): void {
    const { directory } = this.#store ?? {};
    if (directory === undefined) return;
    try {
      const text = address === undefined ? '' : JSON.stringify(address);
      withFile(join(directory, this.#role), O_WRONLY | O_TRUNC, (file) => writeFileSync(file, text));
    } catch (error) {
      debug('the address of the metrics server cannot be noted: %s', (error as Error).message);
    }
  }
}
