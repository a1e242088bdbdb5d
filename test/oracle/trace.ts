import type { MultiprocessMode } from '../../src/index';

/**
 * What several processes did, in one order. A process starts with its first operation and then defines its metrics;
 * after `dead`, its number does not come again.
 */
export interface Trace {
  readonly metrics: readonly TraceMetric[];
  readonly operations: readonly Operation[];
}

export interface TraceMetric {
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  /** Those of counters end in `_total`: Python's client adds it where it is missing. */
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly mode?: MultiprocessMode;
  /** Upper bounds without +Inf. */
  readonly buckets?: readonly number[];
  /** The processes that define this metric; all, if not given. */
  readonly processes?: readonly number[];
}

export type Operation =
  | { readonly do: 'start'; readonly process: number }
  | { readonly do: 'dead'; readonly process: number }
  | { readonly do: 'scrape' }
  | Update;

export interface Update {
  readonly do: 'inc' | 'dec' | 'set' | 'observe';
  readonly process: number;
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  /** A multiple of 1/8 of modest size, so that sums are exact in any order. */
  readonly value: number;
}
