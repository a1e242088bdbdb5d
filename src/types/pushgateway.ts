// The types of the Pushgateway, as users see them. They need no types of Node.
import type { RegistryContentType } from './content-types';
import type { Registry } from './registry';

/** The names and values become parts of the URL. */
export interface PushParameters {
  jobName: string;
  /** More labels of the pushed group of metrics, in the order of the URL. */
  groupings?: { [key: string]: string } | undefined;
}

/** Options of `http.request`, such as `timeout` in milliseconds, `headers` and `agent`, and two more. */
export interface PushgatewayOptions {
  /**
   * `true` pushes the numbers of the whole group: one process of it is enough then. Default `false`: those of this thread, as in
   * prom-client, so that each process can push its own.
   */
  group?: boolean | undefined;
  /** `false` pushes to `/metrics` itself when there is no job name, as some gateways need it. Default `true`. */
  requireJobName?: boolean | undefined;
  [option: string]: unknown;
}

/** The body of the response is text; `resp` is Node's `IncomingMessage`. */
export type PushResult = { resp?: unknown; body?: unknown };

/**
 * Pushes the exposition of a registry to a Pushgateway: for batch jobs that end before a scrape.
 *
 * All three methods throw at once if the job name is missing. They reject with Node's error if there is no connection,
 * with code `ERR_PUSH_FAILED` for a response of status 400 or above, and with `ERR_PUSH_TIMEOUT` after `options.timeout`
 * milliseconds without a response (without that option, they wait).
 */
// biome-ignore lint/correctness/noUnusedVariables: prom-client's type has the parameter.
export interface Pushgateway<T extends RegistryContentType = RegistryContentType> {
  /** Replaces the pushed metrics of the same names, and leaves the others of this job and these groupings. */
  pushAdd(params?: Partial<PushParameters>): Promise<PushResult>;
  /** Replaces all metrics of this job and these groupings. */
  push(params?: Partial<PushParameters>): Promise<PushResult>;
  /** Deletes all metrics of this job and these groupings. */
  delete(params?: Partial<PushParameters>): Promise<PushResult>;
}

export interface PushgatewayConstructor {
  // biome-ignore lint/suspicious/noExplicitAny: as of a class.
  readonly prototype: Pushgateway<any>;
  /**
   * The URL may have a path, a user and a password. With the header `Content-Encoding: gzip` among the options the body
   * is compressed. The default registry is the global one.
   */
  new <T extends RegistryContentType = RegistryContentType>(
    url: string,
    registry: Registry<T>,
  ): Pushgateway<T>;
  new <T extends RegistryContentType = RegistryContentType>(
    url: string,
    // biome-ignore lint/suspicious/noExplicitAny: prom-client's type for options.
    options?: PushgatewayOptions | any,
    registry?: Registry<T> | null,
  ): Pushgateway<T>;
}

export declare const Pushgateway: PushgatewayConstructor;
export declare namespace Pushgateway {
  export type Parameters = PushParameters;
  export type Options = PushgatewayOptions;
}
