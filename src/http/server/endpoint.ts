import { lstatSync, unlinkSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { leaveOut } from '../mark';
import { pageHandler } from '../page';
import { targetsHandler } from '../targets';
import type { ServerAddress } from './server-options';

/** Time between two attempts to listen, in milliseconds. */
const retryMs = 1000;

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Receives the events of an endpoint. */
export interface EndpointListener {
  listening(address: AddressInfo | string): void;
  /** An attempt to listen has failed; there will be another. */
  failed(error: NodeJS.ErrnoException): void;
}

/**
 * A server of metrics in this thread, which tries to listen until it does. It keeps the process alive neither by itself nor by its
 * connections, and bounds both their number and their time.
 */
export class Endpoint {
  readonly #address: ServerAddress;
  readonly #listener: EndpointListener;
  readonly #server: Server;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(address: ServerAddress, scrape: Handler, listener: EndpointListener) {
    this.#address = address;
    this.#listener = listener;
    const handlers = {
      [address.path]: scrape,
      '/targets': targetsHandler(address.path),
      ...(address.page && address.path !== '/' && { '/': pageHandler(address.path) }),
    };
    const limits = { headersTimeout: 5000, requestTimeout: 10_000, connectionsCheckingInterval: 2000 };
    this.#server = createServer(limits, (request, response) => {
      leaveOut(response);
      route(request, response, handlers);
    });
    this.#server.maxConnections = 64;
    this.#server.on('connection', (socket) => socket.unref());
    this.#server.on('listening', () => listener.listening(this.#server.address() ?? ''));
    this.#server.on('error', (error: NodeJS.ErrnoException) => this.#fail(error));
    this.#server.unref();
    this.#listen();
  }

  close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #listen(): void {
    if (this.#isClosed) return;
    const { host, port, socketPath } = this.#address;
    // Exclusive: the primary of a cluster would give the same port to all workers.
    this.#server.listen(
      socketPath === undefined ? { host, port, exclusive: true } : { path: socketPath, exclusive: true },
    );
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (this.#server.listening || this.#isClosed) return;
    const { socketPath } = this.#address;
    if (error.code === 'EADDRINUSE' && socketPath !== undefined) {
      removeDead(
        socketPath,
        () => this.#listen(),
        () => this.#retry(error),
      );
    } else {
      this.#retry(error);
    }
  }

  #retry(error: NodeJS.ErrnoException): void {
    this.#listener.failed(error);
    this.#timer = setTimeout(() => this.#listen(), retryMs);
    this.#timer.unref();
  }
}

/** Removes the file of a Unix socket that no process listens on: a killed process leaves it. A file of another kind stays. */
function removeDead(path: string, removed: () => void, inUse: () => void): void {
  // The system refuses a connection to it as it does to a dead socket.
  if (isOfOtherKind(path)) {
    inUse();
    return;
  }
  const socket = connect(path);
  socket.once('connect', () => {
    socket.destroy();
    inUse();
  });
  socket.once('error', ({ code }: NodeJS.ErrnoException) => {
    try {
      if (code === 'ECONNREFUSED') unlinkSync(path);
      if (code === 'ECONNREFUSED' || code === 'ENOENT') removed();
      else inUse();
    } catch {
      inUse();
    }
  });
}

function isOfOtherKind(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSocket() === false;
  } catch {
    return true;
  }
}

/** The first of `handlers` is that of the metrics. */
function route(
  request: IncomingMessage,
  response: ServerResponse,
  handlers: Readonly<Record<string, Handler>>,
): void {
  const path = request.url?.split('?', 1)[0] ?? '';
  const [metrics = ''] = Object.keys(handlers);
  if (Object.hasOwn(handlers, path)) {
    handlers[path]?.(request, response);
  } else if (path === '/healthz') {
    response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' }).end('ok\n');
  } else if (path === '/') {
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
    response.end(`<!doctype html><title>Metrics</title><a href="${metrics}">${metrics}</a>\n`);
  } else {
    response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' });
    response.end(`Not found. The metrics are at ${metrics}.\n`);
  }
}
