import type { LabelSet, LabelValues } from '../model/labels';

/** The argument of `inc()` of a counter with `enableExemplars`. */
export interface IncreaseDataWithExemplar<T extends string> {
  /** Default: 1. */
  value?: number | undefined;
  labels?: LabelValues<T> | undefined;
  /**
   * The new exemplar of the series, such as the id of a trace that caused the increment. At most 128 characters, names and
   * values together. Without it the series keeps its exemplar.
   */
  exemplarLabels?: LabelValues<string> | undefined;
}

/** The argument of `observe()` of a histogram with `enableExemplars`. */
export interface ObserveDataWithExemplar<T extends string> {
  value: number;
  labels?: LabelValues<T> | undefined;
  /**
   * The new exemplar of the bucket, such as the id of a trace that was observed. At most 128 characters, names and values
   * together. Without it, or if it is empty, the bucket keeps its exemplar.
   */
  exemplarLabels?: LabelValues<string> | undefined;
}

/** Whether the argument of `inc()` or `observe()` is one of the above; prom-client takes any other object for labels. */
export function hasExemplarKeys(
  argument: unknown,
): argument is { labels?: LabelSet; value?: unknown; exemplarLabels?: LabelSet } {
  return (
    typeof argument === 'object' &&
    argument !== null &&
    ('labels' in argument || 'value' in argument || 'exemplarLabels' in argument)
  );
}
