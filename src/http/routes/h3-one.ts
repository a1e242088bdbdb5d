import { setRoute } from '../mark';

interface Matched {
  readonly path?: string;
}

/** The parts of an event of h3 1 that are looked at. */
export interface H3Event {
  readonly path: string;
  readonly node: { readonly res: { readonly statusCode: number } };
  readonly context: { matchedRoute?: Matched | undefined };
}

/**
 * A hook for h3 1, which tells the route of each request: `createApp({ onRequest: h3Routes() })`, and with Nitro 2 and Nuxt
 * `nitroApp.hooks.hook('request', h3Routes())` in a plugin of the server.
 */
export function h3Routes(): (event: H3Event) => void {
  return (event) => setRoute(event.node.res, routeOf(event));
}

/** A router keeps its match only, and takes no note of the base that was taken off the path for it. */
function routeOf(event: H3Event): () => string | undefined {
  const path = withoutQuery(event.path);
  let matched = event.context.matchedRoute;
  let route: string | undefined;
  Object.defineProperty(event.context, 'matchedRoute', {
    configurable: true,
    enumerable: true,
    get: () => matched,
    set(value: Matched | undefined) {
      matched = value;
      if (value?.path !== undefined) route = baseOf(path, event) + value.path;
    },
  });
  // Without a router, the mount of the handler that has answered.
  return () => route ?? ((event.node.res.statusCode !== 404 && baseOf(path, event)) || undefined);
}

/** The beginning of the path that mounts and `useBase()` have taken off. */
function baseOf(path: string, event: H3Event): string {
  const rest = withoutQuery(event.path);
  if (path.endsWith(rest)) return path.slice(0, path.length - rest.length);
  return rest === '/' ? path : '';
}

function withoutQuery(path: string): string {
  return path.split('?', 1)[0] ?? '';
}
