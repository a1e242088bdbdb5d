// `node --import prom-client-mmap/auto` (or `-r`): default metrics, HTTP metrics and a server of them, without a line of code. Nothing
// happens before the application serves HTTP, or has run for five seconds: the option may be inherited by package managers, builds and
// scripts, which must not make directories or open ports. So the modules that do the work are loaded late.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Server as HttpServer } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import type { Server } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import { observeFastify } from '../http/routes/fastify';
import { hasChannels, observeServerEvents } from '../http/server-events';
import { realProcess } from '../process';
import { autoMode } from './mode';
import { isApplication, isTool } from './tools';

const listening = 'tracing:net.server.listen:asyncEnd';
const lifeMs = 5000;

const loadedKey: unique symbol = Symbol.for('prom-client-mmap/auto');
const globals = globalThis as { [loadedKey]?: true };
let hasStarted = false;
let stop: () => void = () => undefined;
const mode = autoMode();

// `-r` and `--import` may name it both, and copies of the library may be loaded.
if (!globals[loadedKey] && mode !== 'off' && (mode === 'always' || !isTool())) {
  globals[loadedKey] = true;
  prepare();
}

function prepare(): void {
  if (!/^(0|false)$/.test(realProcess.env['PROM_CLIENT_MMAP_AUTO_REPLACE'] ?? '')) {
    require('../integrations/preload');
  }
  observeFastify(); // its instances are made before they listen
  if (mode === 'always') {
    start('PROM_CLIENT_MMAP_AUTO=always');
    return;
  }
  stop = observeListening();
  if (isMainThread && isApplication()) {
    setTimeout(() => start(`${lifeMs / 1000} seconds of life`), lifeMs).unref();
  }
}

/** Waits for a server that listens. Returns a function that ends it. */
function observeListening(): () => void {
  if (!hasChannels) return observeServerEvents((server, event) => event === 'listening' && note(server));
  const listen = (message: unknown): void => note((message as { server: Server }).server);
  subscribe(listening, listen);
  return () => unsubscribe(listening, listen);
}

function note(server: Server): void {
  const isPipe = typeof server.address() === 'string';
  if (!isPipe && isHttp(server)) start('an HTTP server listens');
}

/** The classes of node:http2 are not exported. */
function isHttp(server: Server): boolean {
  return (
    server instanceof HttpServer ||
    server instanceof HttpsServer ||
    /^Http2(Secure)?Server$/.test(server.constructor.name)
  );
}

function start(reason: string): void {
  if (hasStarted) return;
  hasStarted = true;
  // Later: a channel whose list of subscribers changes passes over one of them.
  queueMicrotask(stop);
  const { activate } = require('./activation') as typeof import('./activation');
  activate(reason);
}
