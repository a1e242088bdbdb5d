// Marks of a response that applications, adapters of frameworks and handlers set. Symbols of the registry, because several copies
// of the library may be loaded in one process.
const routeKey: unique symbol = Symbol.for('prom-client-mmap.route');
const leftOutKey: unique symbol = Symbol.for('prom-client-mmap.leftOut');

/** A route, or a function that tells it at the end of the response; undefined is unknown. */
export type RouteMark = string | (() => string | undefined);

interface Marked {
  [routeKey]?: RouteMark;
  [leftOutKey]?: boolean;
}

/**
 * Says which route a request has: the pattern of the application, such as `/users/:id`, and never the path of the request, which has
 * as many values as clients like. `response` is that of node:http or node:http2, or a stream of node:http2; any object is accepted. A
 * function is called at the end of the response. Works before `instrumentHttp()`, too. Costs a property.
 */
export function setRoute(response: object, route: RouteMark): void {
  (markedOf(response) as Marked)[routeKey] = route;
}

/** Leaves a response out of all HTTP metrics, as the handler of `/metrics` does with its own. */
export function leaveOut(response: object): void {
  (markedOf(response) as Marked)[leftOutKey] = true;
}

export function routeMark(response: object): RouteMark | undefined {
  return (response as Marked)[routeKey];
}

export function isLeftOut(response: object): boolean {
  return (response as Marked)[leftOutKey] === true;
}

/** The responses of node:http2's compatibility API go with their streams, which are all that is known of a request without it. */
function markedOf(response: object): object {
  const { stream } = response as { stream?: { session?: unknown } | null };
  return typeof stream === 'object' && stream !== null && 'session' in stream ? stream : response;
}
