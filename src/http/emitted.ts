import { type IncomingMessage, Server, type ServerResponse } from 'node:http';
import type { Server as NetServer } from 'node:net';
import type { Exchange, Exchanges } from './exchange';
import { protocolOf, unsent } from './recorder';

/**
 * Observes the requests of all servers of node:http in a runtime without its channels, Bun, by its events. Returns a function that
 * ends it: requests that have begun are still counted.
 */
export function observeEmitted(exchanges: Exchanges, isWanted: (server: NetServer) => boolean): () => void {
  const prototype = Server.prototype as {
    emit: (this: Server, event: string, ...args: unknown[]) => boolean;
  };
  const original = prototype.emit;

  function emit(this: Server, event: string, ...args: unknown[]): boolean {
    if (event === 'request' && !hasStopped && isWanted(this)) {
      start(args[0] as IncomingMessage, args[1] as ServerResponse);
    }
    return original.call(this, event, ...args);
  }

  const start = (request: IncomingMessage, response: ServerResponse): void => {
    const isEncrypted = (request.socket as { encrypted?: boolean } | null)?.encrypted === true;
    const protocol = protocolOf(isEncrypted, request.httpVersionMajor ?? 1, request.httpVersionMinor ?? 1);
    let exchange: Exchange | undefined = exchanges.start(request, response, protocol, request.method);
    const end = (isComplete: boolean): void => {
      if (exchange === undefined) return;
      const ended = exchange;
      exchange = undefined;
      const status = response.headersSent || isComplete ? response.statusCode : unsent + 499;
      exchanges.end(ended, status, isComplete ? undefined : 'client');
    };
    response.once('finish', () => end(true));
    response.once('close', () => end(response.writableFinished));
    request.once('aborted', () => end(false));
  };

  let hasStopped = false;
  prototype.emit = emit;
  return () => {
    hasStopped = true;
    // Another wrapper may be around this one.
    if (prototype.emit === emit) prototype.emit = original;
  };
}
