import { badOption, badRegistry, unknownOption } from '../errors';
import { contentEncodings, encodingsOf } from '../exposition/compression';
import type { ContentEncoding } from '../model/http';
import { nearestTo } from '../model/nearest';
import { globalRegistry } from '../registry/registry';
import { warn } from '../store/warnings';
import type { GroupRegistry, MetricsOptions } from '../types/registry';

export interface HandlerOptions extends MetricsOptions {
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

const names: readonly string[] = [
  ...[
    'registry',
    'openMetrics',
    'createdSamples',
    'compress',
    'timeoutMs',
    'maxInFlight',
    'onError',
    'selfMetrics',
    'log',
  ],
  ...['perProcess', 'view'],
];

/** Throws a TypeError for an option or a value that does not exist. */
export function checkedOptions(options: HandlerOptions): CheckedOptions {
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw unknownOption(unknown, nearestTo(unknown, names), names, 'metricsHandler()');
  }
  const { registry = globalRegistry, compress, timeoutMs = Infinity, maxInFlight = 8 } = options;
  const { onError = 'fail', log = warnOnce() } = options;
  const check = (name: string, isValid: boolean, expected: string): void => {
    const value: unknown = options[name as keyof HandlerOptions];
    if (!isValid)
      throw badOption(`${name} of metricsHandler()`, expected, value, 'correct it or leave it out');
  };
  if (typeof (registry as Partial<GroupRegistry>).exposition !== 'function') throw badRegistry(registry);
  const offered = encodingsOf(compress);
  check(
    'compress',
    Array.isArray(offered) && offered.every((encoding) => contentEncodings.includes(encoding)),
    `a boolean or an array of ${contentEncodings.join(' and ')}`,
  );
  check('timeoutMs', timeoutMs > 0, 'a positive number of milliseconds');
  check('maxInFlight', Number.isInteger(maxInFlight) && maxInFlight >= 0, 'a whole number, 0 for no limit');
  check('onError', onError === 'fail' || onError === 'continue', "'fail' or 'continue'");
  check('log', typeof log === 'function', 'a function');
  return {
    ...options,
    registry: registry as GroupRegistry,
    compress: offered,
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
