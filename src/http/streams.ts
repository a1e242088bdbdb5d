import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { Server, type Socket } from 'node:net';
import { type Exchanges, isOfClient } from './exchange';
import type { HttpRequest } from './options';
import { protocolOf, unsent } from './recorder';

/** Each new connection of any server in this thread, after its server has seen it. */
const connected = 'net.server.socket';

const cancelled = 8; // NGHTTP2_CANCEL

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
  const seen = new WeakSet<Server>();

  const begin: StreamListener = (stream, headers) => {
    const isEncrypted = (stream.session?.socket as { encrypted?: boolean } | undefined)?.encrypted === true;
    const request = { headers, method: headers[':method'], url: headers[':path'] } as unknown as HttpRequest;
    const exchange = exchanges.start(request, stream, protocolOf(isEncrypted, 2, 0), headers[':method']);
    stream.once('close', () => {
      const status = stream.sentHeaders?.[':status'] as number | undefined;
      const abortedBy = status === undefined || stream.aborted ? aborterOf(stream) : undefined;
      if (exchanges.hasSizes) exchanges.measured(exchange, sizeOf(headers), sizeOf(stream.sentHeaders ?? {}));
      exchanges.end(exchange, status ?? unsent + (abortedBy === 'client' ? 499 : 500), abortedBy);
    });
  };

  const observe = (server: Server | undefined): void => {
    if (server === undefined || seen.has(server)) return;
    seen.add(server);
    if (!isHttp2(server) || !isWanted(server)) return;
    known.add(new WeakRef(server));
    server.prependListener('stream', begin as () => void);
  };

  const connect = (message: unknown): void => {
    observe((message as { socket: Socket & { server?: Server } }).socket.server);
  };

  for (const server of servers) observe(server);
  subscribe(connected, connect);
  return () => {
    unsubscribe(connected, connect);
    for (const reference of known) reference.deref()?.removeListener('stream', begin as () => void);
  };
}

/** The classes of node:http2's servers are not exported. */
function isHttp2(server: Server): boolean {
  return server instanceof Server && /^Http2(Secure)?Server$/.test(server.constructor.name);
}

/** A client that goes away cancels its streams, or its connection fails; servers end theirs with other codes. */
function aborterOf({ rstCode, errored }: ServerHttp2Stream): 'client' | 'server' {
  return rstCode === cancelled || isOfClient(errored) ? 'client' : 'server';
}

function sizeOf(headers: OutgoingHttpHeaders): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}
