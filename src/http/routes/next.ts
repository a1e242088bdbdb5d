import type { HttpRequest } from '../options';
import { unknownRoute } from './unknown';

/** Next.js keeps the match of its router under this symbol of the request. */
const metaKey: unique symbol = Symbol.for('NextInternalRequestMeta');

interface NextRequest {
  readonly [metaKey]?: { readonly match?: { readonly definition?: { readonly pathname?: string } } | null };
}

/** The route of a page or handler of Next.js, such as `/posts/[id]`. */
export function nextRoute(request: HttpRequest): string | undefined {
  const pathname = (request as NextRequest)[metaKey]?.match?.definition?.pathname;
  return pathname === '/_not-found' ? unknownRoute : pathname;
}
