import { setRoute } from '../mark';

interface Route {
  readonly path: string;
  readonly method: string;
  readonly handler: (...args: never[]) => unknown;
}

/** The parts of a context of Hono that are looked at. */
export interface HonoContext {
  readonly env?: unknown;
  readonly finalized: boolean;
  readonly res: { readonly status: number };
  readonly req: { readonly matchedRoutes: readonly Route[] };
}

/**
 * A middleware for Hono on node:http, which tells the route of each request: `app.use(honoRoutes())`, before all handlers. Elsewhere it
 * does nothing.
 */
export function honoRoutes(): (context: HonoContext, next: () => Promise<void>) => Promise<void> {
  return (context, next) => {
    const { outgoing } = (context.env ?? {}) as { outgoing?: unknown };
    if (typeof outgoing === 'object' && outgoing !== null) setRoute(outgoing, () => routeOf(context));
    return next();
  };
}

/**
 * The last handler that is no middleware: both may have the method ALL, but a handler does not take `next`. Else, if the request was
 * answered, the last middleware with a path of its own, such as that of a mounted application.
 */
function routeOf({ req, finalized, res }: HonoContext): string | undefined {
  const isHandler = ({ method, handler }: Route): boolean => method !== 'ALL' || handler.length < 2;
  const route = req.matchedRoutes.filter(isHandler).at(-1);
  if (route !== undefined || !finalized || res.status === 404) return route?.path;
  return req.matchedRoutes.filter(({ path }) => path !== '*' && path !== '/*').at(-1)?.path;
}
