import { setRoute } from '../mark';

interface Route {
  readonly path: string;
  readonly method: string;
  readonly handler: (...args: never[]) => unknown;
}

interface Context {
  readonly env?: unknown;
  readonly req: { readonly matchedRoutes: readonly Route[] };
}

/**
 * A middleware for Hono on node:http, which tells the route of each request: `app.use(honoRoutes())`, before all handlers. Elsewhere it
 * does nothing.
 */
export function honoRoutes(): (context: Context, next: () => Promise<void>) => Promise<void> {
  return (context, next) => {
    const { outgoing } = (context.env ?? {}) as { outgoing?: unknown };
    if (typeof outgoing === 'object' && outgoing !== null) setRoute(outgoing, () => routeOf(context));
    return next();
  };
}

/** The last handler that is no middleware. Both may have the method ALL, but a handler does not take `next`. */
function routeOf({ req }: Context): string | undefined {
  const isHandler = ({ method, handler }: Route): boolean => method !== 'ALL' || handler.length < 2;
  return req.matchedRoutes.filter(isHandler).at(-1)?.path;
}
