import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Server } from 'node:net';
import { hasChannels, observeServerEvents } from './server-events';

/** Each new connection of any server, after its server has seen it. */
const connected = 'net.server.socket';

const events: ReadonlySet<string> = new Set(['connection', 'secureConnection', 'stream']);

/**
 * Calls `seen` once for each server in this thread: for those that listen already, as they may have connections, and for others when they
 * get a connection, before its first request. Returns a function that ends it.
 */
export function observeServers(seen: (server: Server) => void): () => void {
  const known = new WeakSet<Server>();
  const note = (server: Server | undefined): void => {
    if (server === undefined || known.has(server)) return;
    known.add(server);
    seen(server);
  };
  if (!hasChannels) return observeServerEvents((server, event) => events.has(event) && note(server));
  for (const server of listening()) note(server);
  const connect = (message: unknown): void =>
    note((message as { socket: { server?: Server } }).socket.server);
  subscribe(connected, connect);
  return () => unsubscribe(connected, connect);
}

/** The servers of this thread that listen, where the runtime tells. */
function listening(): Server[] {
  const { _getActiveHandles: handles } = process as { _getActiveHandles?(): unknown[] };
  return (handles?.call(process) ?? []).filter((handle) => handle instanceof Server);
}
