import { badRegistry } from '../errors';
import { contentEncodings, encodingsOf } from '../exposition/compression';
import type { ContentEncoding } from '../model/http';
import { globalRegistry } from '../registry/registry';
import { warn } from '../store/warnings';
import type { GroupRegistry, MetricsOptions } from '../types/registry';
import { checkOptionsOf, type Kind } from './options';

export interface HandlerOptions extends Omit<MetricsOptions, 'pid'> {
  /** Default: the global registry. */
  // biome-ignore lint/suspicious/noExplicitAny: a registry of any content type.
  readonly registry?: GroupRegistry<any> | undefined;
  /**
   * Whether scrapers that ask for OpenMetrics get it. It writes `le="1"` as `le="1.0"`, which is another series for Prometheus 2.
   * Default: only from a registry whose content type is OpenMetrics.
   */
  readonly openMetrics?: boolean | undefined;
  /**
   * Whether OpenMetrics 1.0 has the start times of counters, histograms and summaries, in samples `_created`. Prometheus stores them as
   * series. Default: `false`.
   */
  readonly createdSamples?: boolean | undefined;
  /** The compressions that are offered, `false` for none. Default: all that Node has. */
  readonly compress?: boolean | readonly ContentEncoding[] | undefined;
  /**
   * After so many milliseconds the answer is 503; the scrape goes on for others. A scraper's own timeout, in
   * `X-Prometheus-Scrape-Timeout-Seconds`, counts in any case, less half a second. Default: none.
   */
  readonly timeoutMs?: number | undefined;
  /** Beyond so many scrapes at one time the answer is 503; requests that share a scrape count once. 0: no limit. Default: 8. */
  readonly maxInFlight?: number | undefined;
  /**
   * `'continue'` leaves out the metrics whose `collect` function or `get()` throws, and shows all others. Default `'fail'`: the
   * answer is 500.
   */
  readonly onError?: 'fail' | 'continue' | undefined;
  /** Adds the metrics `promhttp_metric_handler_*` to the registry. Default: `false`. */
  readonly selfMetrics?: boolean | undefined;
  /** Takes the errors of scrapes. Default: a process warning for the first of each code. */
  readonly log?: ((error: Error) => void) | undefined;
}

export interface CheckedOptions extends HandlerOptions {
  readonly registry: GroupRegistry;
  readonly compress: readonly ContentEncoding[];
  readonly timeoutMs: number;
  readonly maxInFlight: number;
  readonly log: (error: Error) => void;
}

const isFlag = (value: unknown): boolean => typeof value === 'boolean';
const flag: Kind = { expected: 'true or false', accepts: isFlag };
const views: readonly unknown[] = ['group', 'process', 'thread'];

/** The options but for `log`. */
export const handlerKinds: { readonly [K in Exclude<keyof HandlerOptions, 'log'>]-?: Kind } = {
  registry: { expected: 'a registry', accepts: () => true },
  openMetrics: flag,
  createdSamples: flag,
  compress: {
    expected: `a boolean or an array of ${contentEncodings.join(' and ')}`,
    accepts: (value) =>
      isFlag(value) || (Array.isArray(value) && value.every((one) => contentEncodings.includes(one))),
  },
  timeoutMs: {
    expected: 'a positive number of milliseconds',
    accepts: (value) => typeof value === 'number' && value > 0,
  },
  maxInFlight: {
    expected: 'a whole number, 0 for no limit',
    accepts: (value) => Number.isInteger(value) && (value as number) >= 0,
  },
  onError: {
    expected: "'fail' or 'continue'",
    accepts: (value) => value === 'fail' || value === 'continue',
  },
  selfMetrics: flag,
  perProcess: flag,
  view: { expected: "'group', 'process' or 'thread'", accepts: (value) => views.includes(value) },
};

const kinds = {
  ...handlerKinds,
  log: { expected: 'a function', accepts: (value: unknown) => typeof value === 'function' },
};

/** Throws a TypeError with code `ERR_OPTION_UNKNOWN`, `ERR_OPTION_VALUE` or `ERR_REGISTRY`. */
export function checkedOptions(options: HandlerOptions): CheckedOptions {
  checkOptionsOf('metricsHandler', kinds, options);
  const { registry = globalRegistry, compress, timeoutMs = Infinity, maxInFlight = 8 } = options;
  const { log = warnOnce() } = options;
  if (typeof (registry as Partial<GroupRegistry> | null)?.exposition !== 'function')
    throw badRegistry(registry);
  return {
    ...options,
    registry: registry as GroupRegistry,
    compress: encodingsOf(compress),
    timeoutMs,
    maxInFlight: maxInFlight || Infinity,
    log,
  };
}

function warnOnce(): (error: Error & { code?: unknown }) => void {
  const known = new Set<unknown>();
  return ({ code, name, message }) => {
    if (known.has(code ?? name)) return;
    known.add(code ?? name);
    warn({
      code: 'ERR_METRICS_HANDLER',
      message:
        `Expected to read all metrics for a scrape, but got ${name}: ${message}. See docs/formats.md for the option onError; ` +
        'pass `log` to metricsHandler() to see every error.',
    });
  };
}
