import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Server } from 'node:net';
import { hasChannels, observeServerEvents } from './server-events';

/** Each new connection of any server, after its server has seen it. */
const connected = 'net.server.socket';

const events: ReadonlySet<string> = new Set(['connection', 'secureConnection']);

/**
 * Calls `seen` once for each server in this thread that gets a connection, before the first request of that connection. Returns a
 * function that ends it.
 */
export function observeServers(seen: (server: Server) => void): () => void {
  const known = new WeakSet<Server>();
  const note = (server: Server | undefined): void => {
    if (server === undefined || known.has(server)) return;
    known.add(server);
    seen(server);
  };
  if (!hasChannels) return observeServerEvents((server, event) => events.has(event) && note(server));
  const connect = (message: unknown): void =>
    note((message as { socket: { server?: Server } }).socket.server);
  subscribe(connected, connect);
  return () => unsubscribe(connected, connect);
}
