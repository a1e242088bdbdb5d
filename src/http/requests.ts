import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';
import { type Exchange, type Exchanges, endingOfClosed } from './exchange';
import { protocolOf } from './recorder';

const started = 'http.server.request.start';
const finished = 'http.server.response.finish';

interface Message {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: Socket;
  readonly server: Server;
}

const completed: { readonly abortedBy?: undefined } = {};

type Keyed<T> = { [key: symbol]: T | undefined };

/**
 * Observes all requests of HTTP/1 in this thread through the channels of Node, which publish the start of each request and the end
 * of each response that was sent. The others end when their socket closes; its listener is added once per socket, because a response
 * behind another one in a pipeline emits nothing in Node 20.
 *
 * Returns a function that ends it: requests that have begun are still counted.
 */
export function observeRequests(exchanges: Exchanges, isWanted: (server: Server) => boolean): () => void {
  const exchangeKey = Symbol('exchange');
  const pendingKey = Symbol('pending exchanges');

  const start = (message: unknown): void => {
    const { request, response, socket, server } = message as Message;
    if (!isWanted(server)) return;
    const isEncrypted = (socket as { encrypted?: boolean }).encrypted === true;
    const protocol = protocolOf(isEncrypted, request.httpVersionMajor, request.httpVersionMinor);
    const pending = (socket as unknown as Keyed<Exchange[]>)[pendingKey] ?? pendingOf(socket);
    // Bytes of a response in a pipeline cannot be told from those of the one before.
    const bytesBefore = exchanges.hasSizes && pending.length === 0 ? socket.bytesWritten : -1;
    const exchange = exchanges.start(request, response, protocol, request.method, bytesBefore);
    pending.push(exchange);
    (response as unknown as Keyed<Exchange>)[exchangeKey] = exchange;
  };

  const finish = (message: unknown): void => {
    const { request, response, socket } = message as Message;
    const exchange = (response as unknown as Keyed<Exchange>)[exchangeKey];
    const pending = (socket as unknown as Keyed<Exchange[]>)[pendingKey];
    const at = exchange === undefined ? -1 : (pending?.indexOf(exchange) ?? -1);
    if (exchange === undefined || pending === undefined || at < 0) return;
    if (pending.length === 1) pending.pop();
    else pending.splice(at, 1);
    // Node 20 and 22 publish it for a response that the client did not wait for.
    const { abortedBy } = socket.destroyed ? endingOfClosed(socket, response.statusCode) : completed;
    if (exchanges.hasSizes) {
      const responseSize = abortedBy === undefined ? sizeOfResponse(exchange, response, socket) : undefined;
      exchanges.measured(exchange, sizeOfRequest(request), responseSize);
    }
    exchanges.end(exchange, response.statusCode, abortedBy);
    unsubscribeIfStopped();
  };

  const pendingOf = (socket: Socket): Exchange[] => {
    const pending: Exchange[] = [];
    (socket as unknown as Keyed<Exchange[]>)[pendingKey] = pending;
    socket.once('close', () => {
      for (const exchange of pending.splice(0)) {
        const { headersSent, statusCode, socket: assigned } = exchange.response as ServerResponse;
        // The headers of a response behind another one in the pipeline have gone nowhere.
        const isSent = headersSent && assigned !== null;
        const { status, abortedBy } = endingOfClosed(socket, isSent ? statusCode : undefined);
        exchanges.end(exchange, status, abortedBy);
      }
      unsubscribeIfStopped();
    });
    return pending;
  };

  const unsubscribeIfStopped = (): void => {
    if (hasStopped && exchanges.pending === 0) unsubscribe(finished, finish);
  };

  let hasStopped = false;
  subscribe(started, start);
  subscribe(finished, finish);
  return () => {
    if (hasStopped) return;
    hasStopped = true;
    unsubscribe(started, start);
    unsubscribeIfStopped();
  };
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
  return Math.max(0, socket.bytesWritten - bytesBefore - (header?.length ?? 0));
}
