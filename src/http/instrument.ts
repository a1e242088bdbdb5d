import type { Server } from 'node:net';
import { inspect } from 'node:util';
import { globalRegistry } from '../registry/registry';
import { otherHttpOptions, warn } from '../store/warnings';
import { Exchanges } from './exchange';
import { checkHttpOptions, type HttpOptions } from './options';
import { Recorder } from './recorder';
import { observeRequests } from './requests';
import { observeFastify } from './routes/fastify';
import { observeH3 } from './routes/h3';
import { observeKoa } from './routes/koa';
import { routeSource } from './routes/route';
import { observeStreams } from './streams';

interface Instrumentation {
  readonly options: string;
  isRegistered(): boolean;
  stop(): void;
}

// All copies of the library in this thread: two of them would count each request twice in the same series.
const instrumentationsKey: unique symbol = Symbol.for('prom-client-mmap/http/1');
const globals = globalThis as { [instrumentationsKey]?: Map<unknown, Instrumentation> };

/**
 * Counts every request of HTTP/1 and HTTP/2 that the servers of this thread get, from the event of its headers to the end of its
 * response: see docs/http.md for the metrics. One call is enough for all servers, before or after they listen; frameworks need no
 * middleware. It adds no handler of errors, never throws into a request, and changes no response.
 *
 * Returns a function that stops it. The metrics stay in the registry, and requests that have begun are still counted. A second call for the same registry
 * changes nothing and returns the same function, with a warning of code `ERR_HTTP_INSTRUMENTED` if its options differ.
 *
 * @throws a TypeError with code `ERR_OPTION_UNKNOWN` or `ERR_OPTION_VALUE`, and an Error with code `ERR_METRIC_DIFFERS` if the
 * registry has another metric of one of the names. Costs some 300 ns for each request.
 */
export function instrumentHttp(options: HttpOptions = {}): () => void {
  checkHttpOptions(options);
  globals[instrumentationsKey] ??= new Map();
  const instrumentations = globals[instrumentationsKey];
  const { registry = globalRegistry } = options;
  // The global registries of several copies are one.
  const key = (registry as object) === globalRegistry ? '' : registry;
  const present = instrumentations.get(key);
  const text = optionsText(options);
  if (present?.isRegistered()) {
    if (present.options !== text) warn(otherHttpOptions(present.options, text));
    return present.stop;
  }
  present?.stop();

  const recorder = new Recorder(options);
  const exchanges = new Exchanges({
    recorder,
    routeOf: routeSource(options, recorder.notFound),
    ignore: options.ignore,
    hasSizes: options.sizes === true,
  });
  const { servers } = options;
  const isWanted = servers === undefined ? () => true : (server: Server) => servers.includes(server);
  const stops = [
    observeRequests(exchanges, isWanted),
    observeStreams(exchanges, isWanted, servers ?? []),
    observeFastify(),
    observeKoa(),
    observeH3(),
  ];
  const instrumentation: Instrumentation = {
    options: text,
    isRegistered: () => recorder.isRegistered,
    stop() {
      for (const stop of stops) stop();
      if (instrumentations.get(key) === instrumentation) instrumentations.delete(key);
    },
  };
  instrumentations.set(key, instrumentation);
  return instrumentation.stop;
}

/** Of the options that are given: an undefined one is none. */
function optionsText(options: HttpOptions): string {
  const given = Object.entries(options).filter(([name, value]) => name !== 'registry' && value !== undefined);
  return inspect(Object.fromEntries(given), { sorted: true });
}
