import type { HttpRequest, HttpResponse } from '../options';
import { isOnePath, type Layer, matchMount, type Route, routePattern } from './express-layer';
import { unknownRoute } from './unknown';

/** What Express 4 and 5 leave on a request. */
interface ExpressRequest {
  readonly app?: Application;
  readonly route?: Route | null;
  readonly baseUrl?: string;
  readonly originalUrl?: string;
  readonly url?: string;
  readonly socket?: { readonly server?: { listeners(event: string): readonly unknown[] } } | null;
}

interface Application {
  readonly handle: unknown;
  readonly set: unknown;
  /** A function of Express 4 only, whose `router` throws. */
  readonly lazyrouter?: unknown;
  readonly _router?: { readonly stack: readonly Layer[] };
  readonly router?: { readonly stack: readonly Layer[] };
  readonly parent?: Application;
  readonly mountpath?: string | readonly string[];
}

/** The layers that lead to a route: mounts of routers, then the route's. */
type Chain = readonly Layer[];

/** By route, where no path makes a difference. */
const patterns = new WeakMap<Route, string>();

/**
 * The pattern of the route that handled a request, with the patterns of the routers and applications around it:
 * `/api/:tenant/items/:id`. `request.route` identifies the route, also after an error, and a search through the tree of routers finds
 * it. `request.baseUrl` would not do: it has the values of parameters, and is gone after an error.
 */
export function expressRoute(
  request: HttpRequest,
  _response: HttpResponse,
  status: number,
): string | undefined {
  const { app, route, baseUrl } = request as ExpressRequest;
  if (typeof app?.set !== 'function') return undefined;
  // Express' own answer. A route that has called `next()` is still there.
  if (baseUrl === undefined && status === 404) return unknownRoute;
  if (route === undefined || route === null) {
    // The answer of a router to a path that it does not know.
    return status === 404 ? unknownRoute : mountOf(request as ExpressRequest, app);
  }
  return patterns.get(route) ?? patternOf(request as ExpressRequest, app, route);
}

function patternOf(request: ExpressRequest, app: Application, route: Route): string | undefined {
  const root = rootOf(request, app);
  const direct = chainsTo(route, stackOf(root));
  const chains = direct.length > 0 ? direct : chainsTo(route, stackOf(app));
  const { prefix, rest, isOnly } = direct.length > 0 ? outermost(request) : prefixOf(request, app);
  const found = chains.flatMap((chain) => matchChain(chain, rest) ?? [])[0];
  if (found === undefined) return undefined;
  const pattern = joined(prefix, found.pattern);
  if (isOnly && found.isOnly && chains.length === 1) patterns.set(route, pattern);
  return pattern;
}

/** The pattern of a mount whose middleware has answered, such as that of static files. */
function mountOf(request: ExpressRequest, app: Application): string | undefined {
  const { baseUrl } = request;
  if (!baseUrl) return undefined;
  const { prefix, length } = prefixOf(request, app);
  const patterns =
    length === baseUrl.length
      ? [prefix]
      : mountPatterns(stackOf(app), baseUrl.slice(length)).map((pattern) => prefix + pattern);
  // A mount with the text itself is nearer than one with parameters, which may be that of a middleware for all paths.
  const literal = patterns.find((pattern) => pattern.toLowerCase() === baseUrl.toLowerCase());
  return literal ?? patterns[0];
}

/** The patterns of all mounts and of mounts in mounts that match the whole of `path`. */
function mountPatterns(stack: readonly Layer[], path: string): string[] {
  return stack.flatMap((layer) => {
    const match = layer.route ? undefined : matchMount(layer, path);
    if (match === undefined) return [];
    const inside = stackIn(layer.handle);
    if (match.length === path.length && match.pattern !== '') return [match.pattern];
    return mountPatterns(inside, path.slice(match.length)).map((pattern) => match.pattern + pattern);
  });
}

interface Prefix {
  readonly prefix: string;
  /** Of the part of the path that it matches. */
  readonly length: number;
  /** The path behind that part. */
  readonly rest: string;
  readonly isOnly: boolean;
}

function outermost({ originalUrl, url = '/' }: ExpressRequest): Prefix {
  const path = (originalUrl ?? url).replace(/^\w+:\/\/[^/]*/, '').split('?', 1)[0];
  return { prefix: '', length: 0, rest: path || '/', isOnly: true };
}

/** The paths at which an application is mounted in others, which hide it in a function. */
function prefixOf(request: ExpressRequest, app: Application): Prefix {
  const { parent, mountpath } = app;
  if (parent === undefined || mountpath === undefined) return outermost(request);
  const outer = prefixOf(request, parent);
  const segments = outer.rest.split('/');
  const paths = [mountpath].flat().map((path) => path.replace(/\/+$/, ''));
  const path = paths.find((one) => isBeginning(one.split('/'), segments)) ?? paths[0] ?? '';
  const count = path.split('/').length;
  const length = outer.length + segments.slice(0, count).join('/').length;
  const rest = `/${segments.slice(count).join('/')}`;
  return { prefix: outer.prefix + path, length, rest, isOnly: outer.isOnly && paths.length === 1 };
}

function isBeginning(pattern: readonly string[], segments: readonly string[]): boolean {
  return pattern.every((part, i) => /[:*({]/.test(part) || part.toLowerCase() === segments[i]?.toLowerCase());
}

/** The application that the server calls, if it is one, else the outermost one around `app`. */
function rootOf({ socket }: ExpressRequest, app: Application): Application {
  const listeners = socket?.server?.listeners('request') ?? [];
  const root = listeners.find((one) => typeof (one as Partial<Application>).set === 'function');
  return (root as Application | undefined) ?? app;
}

function chainsTo(route: Route, stack: readonly Layer[]): Chain[] {
  return stack.flatMap((layer) => {
    if (layer.route) return layer.route === route ? [[layer]] : [];
    return chainsTo(route, stackIn(layer.handle)).map((chain) => [layer, ...chain]);
  });
}

/** The layers of a router or an application that a layer calls. */
function stackIn(handle: unknown): readonly Layer[] {
  if (typeof handle !== 'function') return [];
  const { stack } = handle as { stack?: readonly Layer[] };
  return Array.isArray(stack) ? stack : stackOf(handle as Partial<Application>);
}

function stackOf(app: Partial<Application>): readonly Layer[] {
  if (typeof app.set !== 'function') return [];
  return (app._router ?? (app.lazyrouter === undefined ? app.router : undefined))?.stack ?? [];
}

function matchChain(chain: Chain, path: string): { pattern: string; isOnly: boolean } | undefined {
  let pattern = '';
  let isOnly = true;
  let rest = path;
  for (const layer of chain) {
    if (layer.route) {
      const own = routePattern(layer, rest);
      return own === undefined
        ? undefined
        : { pattern: joined(pattern, own), isOnly: isOnly && isOnePath(layer) };
    }
    const mount = matchMount(layer, rest);
    if (mount === undefined) return undefined;
    pattern += mount.pattern;
    isOnly &&= mount.isOnly;
    rest = rest.slice(mount.length);
    if (!rest.startsWith('/')) rest = `/${rest}`;
  }
  return undefined;
}

function joined(prefix: string, pattern: string): string {
  return prefix !== '' && pattern === '/' ? prefix : prefix + pattern;
}
