import { routeMark } from '../mark';
import type { HttpOptions, HttpRequest, HttpResponse } from '../options';
import { expressRoute } from './express';
import { nextRoute } from './next';
import { normalizedPath } from './path';
import { unknownRoute } from './unknown';

/** The route of a request whose response has ended, as a label. Never throws. */
export type RouteOf = (request: HttpRequest, response: HttpResponse, status: number) => string;

/** A source of routes: undefined stands for a route that it does not know. May throw. */
type Source = (request: HttpRequest, response: HttpResponse, status: number) => string | undefined;

/** Of requests for which the application has no route, or no method, or no implementation. */
const withoutRoute: ReadonlySet<number> = new Set([404, 405, 501]);

/** The sources in their order: the user's function, the mark of `setRoute()`, frameworks, the path if it is wanted. */
export function routeSource({ route, normalizePath }: HttpOptions, notFound: string): RouteOf {
  const normalize = normalizePath === true ? normalizedPath : normalizePath || undefined;
  const fallback: Source = ({ url }, _, status) => {
    if (withoutRoute.has(status)) return notFound;
    return normalize?.(url?.split('?', 1)[0] ?? '');
  };
  const sources: readonly Source[] = [...(route ? [route] : []), marked, expressRoute, nextRoute, fallback];
  return (request, response, status) => {
    for (const source of sources) {
      try {
        const found = source(request, response, status);
        if (typeof found === 'string') return found === unknownRoute ? notFound : found;
      } catch {
        // A function of the application, or a framework of another version: the next source may know.
      }
    }
    return '';
  };
}

function marked(_: HttpRequest, response: HttpResponse): string | undefined {
  const mark = routeMark(response);
  return typeof mark === 'function' ? mark() : mark;
}
