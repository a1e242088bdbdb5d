// The events of servers, in a runtime that does not publish them: Bun.
import { Server as HttpServer } from 'node:http';
import type { Server } from 'node:net';

/** Whether the runtime has Node's channels of servers. */
export const hasChannels: boolean = process.versions['bun'] === undefined;

/** Is called before the listeners of an event. It must not throw. */
export type ServerEventListener = (server: Server, event: string, values: readonly unknown[]) => void;

type Emit = (this: Server, event: string, ...values: unknown[]) => boolean;

const listeners = new Set<ServerEventListener>();
let unwrap: (() => void) | undefined;

/** Observes the events of all servers of HTTP in this thread: `emit` of their classes is wrapped. Returns a function that ends it. */
export function observeServerEvents(listener: ServerEventListener): () => void {
  listeners.add(listener);
  unwrap ??= wrapClasses();
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    unwrap?.();
    unwrap = undefined;
  };
}

function wrapClasses(): () => void {
  const http2 = require('node:http2') as typeof import('node:http2');
  // The classes of node:http2 are not exported. That of node:https inherits from node:http's in Bun.
  const servers = [HttpServer, http2.createServer().constructor, http2.createSecureServer().constructor];
  const unwraps = servers.map((server) => wrap((server as { prototype: { emit: Emit } }).prototype));
  return () => {
    for (const one of unwraps) one();
  };
}

function wrap(prototype: { emit: Emit }): () => void {
  const original = prototype.emit;
  const isOwn = Object.hasOwn(prototype, 'emit');
  const emit: Emit = function (event, ...values) {
    for (const listener of listeners) listener(this, event, values);
    return original.call(this, event, ...values);
  };
  prototype.emit = emit;
  return () => {
    // Another wrapper may be around this one.
    if (prototype.emit !== emit) return;
    if (isOwn) prototype.emit = original;
    else delete (prototype as { emit?: Emit }).emit;
  };
}
