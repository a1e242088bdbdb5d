import type { Socket } from 'node:net';
import { isLeftOut } from './mark';
import type { HttpRequest, HttpResponse } from './options';
import { type InProgress, type Protocol, type Recorder, unsent } from './recorder';
import type { RouteOf } from './routes/route';

/** A request and its response, from its start to its end. */
export interface Exchange {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  readonly inProgress: InProgress;
  readonly startMs: number;
  /** The bytes that the socket had written at the start; -1 where the size of the response cannot be known. */
  readonly bytesBefore: number;
  /** Bytes of the bodies. */
  requestSize?: number | undefined;
  responseSize?: number | undefined;
}

/** The side that closed the connection before the end of the response. */
export type Aborter = 'client' | 'server';

export interface ExchangesOptions {
  readonly recorder: Recorder;
  readonly routeOf: RouteOf;
  readonly ignore: ((request: HttpRequest, response: HttpResponse) => boolean) | undefined;
  readonly hasSizes: boolean;
}

/** The exchanges of one instrumentation. No method throws. */
export class Exchanges {
  readonly #recorder: Recorder;
  readonly #routeOf: RouteOf;
  readonly #ignore: ExchangesOptions['ignore'];
  /** Whether the sizes of bodies are counted. */
  readonly hasSizes: boolean;
  /** Exchanges that have not ended. */
  pending = 0;

  constructor({ recorder, routeOf, ignore, hasSizes }: ExchangesOptions) {
    this.hasSizes = hasSizes;
    this.#recorder = recorder;
    this.#routeOf = routeOf;
    this.#ignore = ignore;
  }

  start(
    request: HttpRequest,
    response: HttpResponse,
    protocol: Protocol,
    method: string | undefined,
    bytesBefore = -1,
  ): Exchange {
    this.pending++;
    const inProgress = this.#recorder.started(method, protocol);
    const startMs = performance.now();
    return { request, response, inProgress, startMs, bytesBefore };
  }

  /** To be called before the end, where the sizes of the bodies are known. */
  measured(exchange: Exchange, requestSize: number | undefined, responseSize: number | undefined): void {
    exchange.requestSize = requestSize;
    exchange.responseSize = responseSize;
  }

  /** To be called once for each exchange. `status` has `unsent` added if the headers were not sent. */
  end(exchange: Exchange, status: number, abortedBy: Aborter | undefined): void {
    this.pending--;
    const { request, response, inProgress, startMs, requestSize, responseSize } = exchange;
    const seconds = (performance.now() - startMs) / 1000;
    if (isLeftOut(response) || (this.#ignore !== undefined && this.#isIgnored(request, response))) {
      this.#recorder.leftOut(inProgress);
      return;
    }
    const route = this.#routeOf(request, response, status % unsent);
    const children = this.#recorder.ended(inProgress, route, status, Math.max(0, seconds));
    if (requestSize !== undefined) children.requestSize?.observe(requestSize);
    if (responseSize !== undefined) children.responseSize?.observe(responseSize);
    if (abortedBy !== undefined) this.#recorder.aborted(abortedBy);
  }

  #isIgnored(request: HttpRequest, response: HttpResponse): boolean {
    try {
      return this.#ignore?.(request, response) === true;
    } catch {
      return false;
    }
  }
}

/** The last one: the end of the connection in the middle of a body. */
const clientErrors: ReadonlySet<unknown> = new Set([
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  'HPE_INVALID_EOF_STATE',
]);

/** Whether an error of a socket tells that the client has closed the connection. */
export function isOfClient(error: Error | null | undefined): boolean {
  return clientErrors.has((error as NodeJS.ErrnoException | null | undefined)?.code);
}

/** The statuses that Node answers by itself with, when a request that has begun goes wrong. */
const requestErrors: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
};

/**
 * The end of a response whose socket has closed before it. `status` is undefined if no headers were sent; `hasClientEnded` says whether
 * the client has sent the end of the connection.
 */
export function endingOfClosed(
  socket: Socket,
  status: number | undefined,
  hasClientEnded: boolean,
): { readonly status: number; readonly abortedBy: Aborter } {
  const { code = '' } = (socket.errored ?? {}) as NodeJS.ErrnoException;
  const isGone = isOfClient(socket.errored);
  const answered = isGone ? undefined : (requestErrors[code] ?? (code.startsWith('HPE_') ? 400 : undefined));
  const isClient = isGone || answered !== undefined || hasClientEnded;
  return {
    status: status ?? unsent + (answered ?? (isClient ? 499 : 500)),
    abortedBy: isClient ? 'client' : 'server',
  };
}
