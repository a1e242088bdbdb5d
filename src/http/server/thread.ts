// The worker thread that serves the metrics of the group. It reads the segments of all threads itself, and needs nothing of the main
// thread, which may be busy.
import { parentPort, workerData } from 'node:worker_threads';
import { globalRegistry, Registry } from '../../registry/registry';
import { configure } from '../../store/current';
import type { GroupOptions } from '../../store/options';
import type { RegistryContentType } from '../../types/content-types';
import type { HandlerOptions } from '../handler-options';
import { metricsHandler } from '../metrics-handler';
import { Endpoint } from './endpoint';
import type { ServerAddress } from './server-options';

/** The facts that the main thread passes on. */
export interface ThreadData {
  readonly address: ServerAddress;
  readonly options: GroupOptions;
  /** The scope of a registry with a name; '' for the global one. */
  readonly scope: string;
  readonly contentType: RegistryContentType;
  readonly handler: Omit<HandlerOptions, 'registry' | 'log'>;
}

/** An event of the endpoint, for the main thread. */
export interface ThreadMessage {
  readonly listening?: import('node:net').AddressInfo | string;
  readonly failed?: { readonly code: string | undefined; readonly message: string };
}

const { address, options, scope, contentType, handler } = workerData as ThreadData;

configure(options);
const registry = scope === '' ? globalRegistry : new Registry(undefined, { name: scope });
registry.setContentType(contentType);
const post = (message: ThreadMessage): void => parentPort?.postMessage(message);
new Endpoint(address, metricsHandler({ ...handler, registry }), {
  listening: (listening) => post({ listening }),
  failed: ({ code, message }) => post({ failed: { code, message } }),
});
// The port of the main thread keeps this thread alive, and its end ends it.
parentPort?.ref();
parentPort?.on('message', () => undefined);
