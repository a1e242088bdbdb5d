import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { IncomingMessage, type ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Exchanges } from './exchange';
import { PendingExchanges } from './pending';
import { hasChannels, observeServerEvents } from './server-events';

const started = 'http.server.request.start';
const finished = 'http.server.response.finish';

interface Message {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: Socket;
  readonly server: Server;
}

/** Observes all requests of HTTP/1 in this thread. Returns a function that ends it: requests that have begun are still counted. */
export function observeRequests(exchanges: Exchanges, isWanted: (server: Server) => boolean): () => void {
  return hasChannels ? observeChannels(exchanges, isWanted) : observeEvents(exchanges, isWanted);
}

/** Node and Deno publish the start of each request, and the end of each response that was sent. */
function observeChannels(exchanges: Exchanges, isWanted: (server: Server) => boolean): () => void {
  const unsubscribeIfStopped = (): void => {
    if (hasStopped && exchanges.pending === 0) unsubscribe(finished, finish);
  };
  const pending = new PendingExchanges(exchanges, unsubscribeIfStopped);
  const start = (message: unknown): void => {
    const { request, response, socket, server } = message as Message;
    if (isWanted(server)) pending.start(request, response, socket);
  };
  const finish = (message: unknown): void => {
    const { request, response, socket } = message as Message;
    pending.finish(request, response, socket);
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

/** The events with which a server hands a request to the application. */
const requestEvents: ReadonlySet<string> = new Set(['request', 'checkContinue', 'checkExpectation']);

function observeEvents(exchanges: Exchanges, isWanted: (server: Server) => boolean): () => void {
  // Bun ends the readable side of an encrypted connection that this side has destroyed, too.
  const ownEnds = new WeakSet<Socket>();
  const noteOwnEnd = function (this: Socket): void {
    if (this.destroyed && this instanceof TLSSocket) ownEnds.add(this);
  };
  const hasClientEnded = (socket: Socket): boolean => socket.readableEnded && !ownEnds.has(socket);
  const pending = new PendingExchanges(exchanges, () => undefined, hasClientEnded);
  return observeServerEvents((server, event, [request, response]) => {
    if (!requestEvents.has(event) || !isWanted(server)) return;
    // The requests of HTTP/2 are streams.
    if (!(request instanceof IncomingMessage)) return;
    const answer = response as ServerResponse;
    // Applications emit the event again: to another server, or after they have accepted an expectation.
    if (pending.has(answer)) return;
    const { socket } = request;
    pending.start(request, answer, socket);
    if (!socket.listeners('end').includes(noteOwnEnd)) socket.once('end', noteOwnEnd);
    answer.once('finish', () => pending.finish(request, answer, socket));
  });
}
