/** Requests, each with the method, route and status under which it must be counted. A header may follow the path. */
export type Requests = readonly (readonly [request: string, counted: string])[];

/** An application of apps/, its argument, and the requests to it. */
export type Case = readonly [app: string, argument: string, requests: Requests];
