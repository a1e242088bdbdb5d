import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setRoute } from '../mark';

const started = 'tracing:h3.request:start';

interface Matched {
  readonly route?: string;
}

interface H3Event {
  readonly runtime?: { readonly node?: { readonly res?: object } };
  readonly context?: { matchedRoute?: Matched | undefined };
}

/** Learns the routes of h3 2 and nitro, if the application uses h3's `tracingPlugin()`. */
export function observeH3(): () => void {
  const known = new WeakSet<object>();
  const start = (message: unknown): void => {
    const { event } = message as { event?: H3Event };
    const response = event?.runtime?.node?.res;
    if (event?.context === undefined || !response || known.has(event)) return;
    known.add(event);
    const routes = matchesOf(event.context);
    setRoute(response, () => joined(routes));
  };
  subscribe(started, start);
  return () => unsubscribe(started, start);
}

/** The routes that match a request, from the outer application to the inner one, which replaces the match. */
function matchesOf(context: NonNullable<H3Event['context']>): readonly string[] {
  let matched = context.matchedRoute;
  const routes = matched?.route === undefined ? [] : [matched.route];
  Object.defineProperty(context, 'matchedRoute', {
    configurable: true,
    enumerable: true,
    get: () => matched,
    set(value: Matched | undefined) {
      matched = value;
      if (value?.route !== undefined && value.route !== routes.at(-1)) routes.push(value.route);
    },
  });
  return routes;
}

/** `withBase()` takes the beginning of the path away: the route of the inner application follows the wildcard's base. */
function joined(routes: readonly string[]): string | undefined {
  return routes.reduce<string | undefined>((outer, route) => {
    const base = outer?.match(/^(.*)\/\*\*(:\w+)?$/)?.[1] ?? '';
    return route.startsWith(`${base}/`) ? route : base + route;
  }, undefined);
}
