import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { Server } from 'node:net';
import { observeServers } from './connections';
import { type Exchange, type Exchanges, isOfClient } from './exchange';
import type { HttpRequest } from './options';
import { protocolOf, unsent } from './recorder';

/** Time for a closed stream to finish, in milliseconds: the system may be slow to take the last bytes. */
const lostMs = 2000;

/** Of the error with which a runtime ends a stream that the client has reset. */
const resetCode = 'ERR_HTTP2_STREAM_ERROR';

type StreamListener = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/**
 * Observes all streams of HTTP/2 in this thread. A server gets its listener at its first connection: Node 20 has no channel for
 * streams, and later ones publish the end of a response when its headers are sent. Returns a function that ends it: streams that
 * have begun are still counted.
 */
export function observeStreams(
  exchanges: Exchanges,
  isWanted: (server: Server) => boolean,
  servers: readonly Server[],
): () => void {
  const known = new Set<WeakRef<Server>>();

  const begin: StreamListener = (stream, headers) => {
    const isEncrypted = (stream.session?.socket as { encrypted?: boolean } | undefined)?.encrypted === true;
    const request = { headers, method: headers[':method'], url: headers[':path'] } as unknown as HttpRequest;
    const protocol = protocolOf(isEncrypted, 2, 0);
    let exchange: Exchange | undefined = exchanges.start(request, stream, protocol, headers[':method']);
    const end = (isComplete: boolean): void => {
      if (exchange === undefined) return;
      const ended = exchange;
      exchange = undefined;
      const status = statusOf(stream);
      const abortedBy = status !== undefined && isComplete ? undefined : isOwnEnd ? 'server' : 'client';
      if (exchanges.hasSizes) exchanges.measured(ended, sizeOf(headers), sizeOf(stream.sentHeaders ?? {}));
      exchanges.end(ended, status ?? unsent + (abortedBy === 'client' ? 499 : 500), abortedBy);
    };
    let isOwnEnd = false;
    observeOwnEnd(stream, () => {
      isOwnEnd = true;
    });
    // Node 20 and 22 neither finish nor close a stream that the client has reset without an error while it was answered.
    const endLost = (): void => {
      if (exchange !== undefined) setTimeout(() => end(isFinished(stream)), lostMs).unref();
    };
    // The response is over; the request may go on.
    stream.once('finish', () => isFinished(stream) && end(true));
    stream.once('close', () => end(isFinished(stream)));
    stream.once('end', () => {
      if (stream.closed) setImmediate(endLost);
    });
  };

  const observe = (server: Server): void => {
    if (!isHttp2(server) || !isWanted(server)) return;
    known.add(new WeakRef(server));
    server.prependListener('stream', begin as () => void);
  };

  const seen = new WeakSet<Server>();
  for (const server of servers) {
    observe(server);
    seen.add(server);
  }
  const stop = observeServers((server) => seen.has(server) || observe(server));
  return () => {
    stop();
    for (const reference of known) reference.deref()?.removeListener('stream', begin as () => void);
  };
}

/** The classes of node:http2's servers are not exported. */
function isHttp2(server: Server): boolean {
  return server instanceof Server && /^Http2(Secure)?Server$/.test(server.constructor.name);
}

/** That of the response. Before it Bun has the headers of the request in the place of those that were sent. */
function statusOf({ sentHeaders }: ServerHttp2Stream): number | undefined {
  return sentHeaders?.[':status'] as number | undefined;
}

/** Whether the whole response was handed on. */
function isFinished(stream: ServerHttp2Stream): boolean {
  const { aborted, rstCode, writableFinished } = stream;
  return statusOf(stream) !== undefined && writableFinished && !aborted && !rstCode;
}

/**
 * Calls `ended` when this side ends a stream before the client does: node:http2 tells the code of the end, which is any, but not who has
 * sent it. It ends the streams that the client has cancelled, or of a lost connection, by the same methods.
 */
function observeOwnEnd(stream: ServerHttp2Stream, ended: () => void): void {
  const { close, destroy } = stream;
  const note = (error?: Error): void => {
    const { closed, aborted, session } = stream;
    const isForeign = isOfClient(error) || (error as NodeJS.ErrnoException | undefined)?.code === resetCode;
    if (!closed && !aborted && !session?.socket?.destroyed && !isForeign) ended();
  };
  stream.close = (...values) => {
    note();
    close.apply(stream, values);
  };
  stream.destroy = (error) => {
    note(error);
    return destroy.call(stream, error);
  };
}

function sizeOf(headers: OutgoingHttpHeaders): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}
