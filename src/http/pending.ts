import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Exchange, type Exchanges, endingOfClosed } from './exchange';
import { protocolOf } from './recorder';

type Keyed<T> = { [key: symbol]: T | undefined };

/**
 * The exchanges of HTTP/1 that have not ended, by their sockets. Most end with their response; the others end when their socket
 * closes, whose listener is added once per socket, because a response behind another one in a pipeline emits nothing in Node 20.
 */
export class PendingExchanges {
  readonly #exchanges: Exchanges;
  readonly #ended: () => void;
  readonly #hasClientEnded: (socket: Socket) => boolean;
  readonly #exchangeKey = Symbol('exchange');
  readonly #pendingKey = Symbol('pending exchanges');

  /** `ended` is called after the end of an exchange; `hasClientEnded` says whether the client has sent the end of the connection. */
  constructor(
    exchanges: Exchanges,
    ended: () => void,
    hasClientEnded: (socket: Socket) => boolean = ({ readableEnded }) => readableEnded,
  ) {
    this.#exchanges = exchanges;
    this.#ended = ended;
    this.#hasClientEnded = hasClientEnded;
  }

  has(response: ServerResponse): boolean {
    return (response as unknown as Keyed<Exchange>)[this.#exchangeKey] !== undefined;
  }

  start(request: IncomingMessage, response: ServerResponse, socket: Socket): void {
    const isEncrypted = (socket as { encrypted?: boolean }).encrypted === true;
    const protocol = protocolOf(isEncrypted, request.httpVersionMajor, request.httpVersionMinor);
    const pending = (socket as unknown as Keyed<Exchange[]>)[this.#pendingKey] ?? this.#pendingOf(socket);
    // Bytes of a response in a pipeline cannot be told from those of the one before.
    const bytesBefore = this.#exchanges.hasSizes && pending.length === 0 ? socket.bytesWritten : -1;
    const exchange = this.#exchanges.start(request, response, protocol, request.method, bytesBefore);
    pending.push(exchange);
    (response as unknown as Keyed<Exchange>)[this.#exchangeKey] = exchange;
  }

  /** The runtime has handed the response on. */
  finish(request: IncomingMessage, response: ServerResponse, socket: Socket): void {
    const exchange = (response as unknown as Keyed<Exchange>)[this.#exchangeKey];
    const pending = (socket as unknown as Keyed<Exchange[]>)[this.#pendingKey];
    const at = exchange === undefined ? -1 : (pending?.indexOf(exchange) ?? -1);
    if (exchange === undefined || pending === undefined || at < 0) return;
    if (pending.length === 1) pending.pop();
    else pending.splice(at, 1);
    // Node 20 and 22, Bun and Deno finish a response that the client did not wait for, too.
    const isBroken = socket.destroyed || socket.errored != null;
    const abortedBy = isBroken ? this.#endingOf(socket, response.statusCode).abortedBy : undefined;
    if (this.#exchanges.hasSizes) {
      const responseSize = abortedBy === undefined ? sizeOfResponse(exchange, response, socket) : undefined;
      this.#exchanges.measured(exchange, sizeOfRequest(request), responseSize);
    }
    this.#exchanges.end(exchange, response.statusCode, abortedBy);
    this.#ended();
  }

  #endingOf(socket: Socket, status: number | undefined): ReturnType<typeof endingOfClosed> {
    return endingOfClosed(socket, status, this.#hasClientEnded(socket));
  }

  #pendingOf(socket: Socket): Exchange[] {
    const pending: Exchange[] = [];
    (socket as unknown as Keyed<Exchange[]>)[this.#pendingKey] = pending;
    socket.once('close', () => {
      for (const exchange of pending.splice(0)) {
        const { headersSent, statusCode, socket: assigned } = exchange.response as ServerResponse;
        // The headers of a response behind another one in the pipeline have gone nowhere.
        const isSent = headersSent && assigned !== null;
        const { status, abortedBy } = this.#endingOf(socket, isSent ? statusCode : undefined);
        this.#exchanges.end(exchange, status, abortedBy);
      }
      this.#ended();
    });
    return pending;
  }
}

/** The length that the client declared, of the body as it is sent. */
function sizeOfRequest({ headers }: IncomingMessage): number | undefined {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers;
  if (length === undefined) return encoding === undefined ? 0 : undefined;
  const size = Number(length);
  return Number.isSafeInteger(size) && size >= 0 ? size : undefined;
}

/** The bytes that the response has added to the socket, without its headers. */
function sizeOfResponse(
  { bytesBefore }: Exchange,
  response: ServerResponse,
  socket: Socket,
): number | undefined {
  if (bytesBefore < 0) return undefined;
  const { _header: header } = response as unknown as { _header?: string | null };
  // In Bun the socket does not count headers, and there are none here.
  const headers = header?.startsWith('HTTP/') ? header.length : 0;
  return Math.max(0, socket.bytesWritten - bytesBefore - headers);
}
