import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setRoute } from '../mark';
import { unknownRoute } from './unknown';

const initialized = 'fastify.initialization';

interface Request {
  readonly is404?: boolean;
  readonly routeOptions?: { readonly url?: string | undefined };
}

interface Fastify {
  addHook(
    name: 'onRequest',
    hook: (request: Request, reply: { readonly raw: object }, done: () => void) => void,
  ): void;
}

/**
 * Learns the routes of all instances of Fastify that are made from here on. The first hook of a request runs for every request that
 * Fastify's router has seen, also if another hook or a validation rejects it.
 */
export function observeFastify(): () => void {
  const initialize = (message: unknown): void => {
    const { fastify } = message as { fastify: Fastify };
    fastify.addHook('onRequest', (request, reply, done) => {
      setRoute(reply.raw, () => (request.is404 ? unknownRoute : request.routeOptions?.url));
      done();
    });
  };
  subscribe(initialized, initialize);
  return () => unsubscribe(initialized, initialize);
}
