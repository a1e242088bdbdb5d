import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Stream } from 'node:http2';
import type { Server } from 'node:net';
import { badOption, unknownOption } from '../errors';
import { nearestTo } from '../model/nearest';
import type { AnyRegistry } from '../types/registry';
import { type HttpDimension, type HttpPreset, presets } from './presets';

/** A request. Of a stream of HTTP/2 that no handler of requests has taken, its headers. */
export type HttpRequest = IncomingMessage | Http2ServerRequest;
export type HttpResponse = ServerResponse | Http2ServerResponse | ServerHttp2Stream;

export interface HttpOptions {
  /** Where the metrics are registered. Default: the global registry. */
  readonly registry?: AnyRegistry | undefined;
  /** The names of families and labels. Default `'default'`. */
  readonly preset?: HttpPreset | undefined;
  /** A prefix of each family's name, such as `shop_`. Default none. */
  readonly prefix?: string | undefined;
  /** Upper bounds of the duration in seconds. Default: those of the preset. */
  readonly buckets?: readonly number[] | undefined;
  /** The labels of counts, durations and sizes, under the names of the preset. Default: those of the preset. */
  readonly labels?: readonly HttpDimension[] | undefined;
  /** `true` adds histograms of the sizes of requests and responses in bytes. Default `false`. */
  readonly sizes?: boolean | undefined;
  /**
   * `true` adds exponential buckets to the histograms, in which quantiles are off by at most 4.4 %, for scrapers of native histograms.
   * Default `false`.
   */
  readonly native?: boolean | undefined;
  /**
   * The route of a request at the end of its response, asked before any other source; undefined leaves it to those, and `''` stands
   * for no route. An exception counts as undefined.
   */
  readonly route?: ((request: HttpRequest, response: HttpResponse) => string | undefined) | undefined;
  /** `true` leaves a response out of all metrics. Called at its end, when the route is known. Default: none is left out. */
  readonly ignore?: ((request: HttpRequest, response: HttpResponse) => boolean) | undefined;
  /** The servers whose requests count. Default: all of this thread. */
  readonly servers?: readonly Server[] | undefined;
  /** Different routes; requests of more have the route `__overflow__`, with one warning. Default 500. */
  readonly maxRoutes?: number | undefined;
  /**
   * For requests whose route is not known, unless the status is 404, 405 or 501: `true` takes their path with numbers, UUIDs and other
   * ids replaced by `:id`, a function takes its result. Counts against `maxRoutes`. Default `false`: no path becomes a label.
   */
  readonly normalizePath?: boolean | ((path: string) => string) | undefined;
}

export const defaultMaxRoutes = 500;

export interface Kind {
  readonly expected: string;
  accepts(value: unknown): boolean;
}

const dimensions: readonly HttpDimension[] = [
  ...['method', 'route', 'status_code', 'status_class', 'scheme', 'error_type', 'protocol_version'],
] as readonly HttpDimension[];

const isFunction = (value: unknown): boolean => typeof value === 'function';
const callback: Kind = { expected: 'a function', accepts: isFunction };
const flag: Kind = { expected: 'true or false', accepts: (value) => typeof value === 'boolean' };

const kinds: { readonly [K in keyof HttpOptions]-?: Kind } = {
  registry: {
    expected: 'a registry',
    accepts: (value) => isFunction((value as Partial<AnyRegistry> | null)?.registerMetric),
  },
  preset: {
    expected: `one of ${Object.keys(presets).join(', ')}`,
    accepts: (value) => typeof value === 'string' && Object.hasOwn(presets, value),
  },
  prefix: {
    expected: 'the beginning of a metric name',
    accepts: (value) => typeof value === 'string' && /^([a-zA-Z_:][\w:]*)?$/.test(value),
  },
  buckets: {
    expected: 'ascending finite numbers of seconds',
    accepts: (value) =>
      Array.isArray(value) &&
      value.every((bound, i) => Number.isFinite(bound) && (i === 0 || bound > value[i - 1])),
  },
  labels: {
    expected: `a list of ${dimensions.join(', ')}`,
    accepts: (value) =>
      Array.isArray(value) &&
      new Set(value).size === value.length &&
      value.every((one) => dimensions.includes(one)),
  },
  sizes: flag,
  native: flag,
  route: callback,
  ignore: callback,
  servers: { expected: 'a list of servers', accepts: (value) => Array.isArray(value) },
  maxRoutes: {
    expected: 'a whole number of routes that is not negative',
    accepts: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  },
  normalizePath: {
    expected: 'true, false or a function',
    accepts: (value) => typeof value === 'boolean' || isFunction(value),
  },
};

/** Throws a TypeError with code `ERR_OPTION_UNKNOWN` or `ERR_OPTION_VALUE`. An option that is undefined counts as left out. */
export function checkHttpOptions(options: unknown): asserts options is HttpOptions {
  checkOptionsOf('instrumentHttp', kinds, options);
}

/** The same for the options of any function. */
export function checkOptionsOf(
  name: string,
  allowed: Readonly<Record<string, Kind>>,
  options: unknown,
): void {
  if (typeof options !== 'object' || options === null) {
    throw badOption(`the argument of ${name}()`, 'an object of options', options, 'pass one, or nothing');
  }
  for (const [option, value] of Object.entries(options)) {
    const names = Object.keys(allowed);
    const kind = Object.hasOwn(allowed, option) ? allowed[option] : undefined;
    if (kind === undefined) throw unknownOption(option, nearestTo(option, names), names, `${name}()`);
    if (value === undefined || kind.accepts(value)) continue;
    throw badOption(`${name}({ ${option} })`, kind.expected, value, 'correct it, or leave it out');
  }
}
