import type { LabelValues } from '../model/labels';

/** What `inc()` of a counter with `enableExemplars` takes. */
export interface IncreaseDataWithExemplar<T extends string> {
  /** 1 if not given. */
  value?: number | undefined;
  labels?: LabelValues<T> | undefined;
  /**
   * What the increment was for, such as a trace: becomes the exemplar of the series. At most 128 characters, names and
   * values together. The present exemplar stays if it is not given.
   */
  exemplarLabels?: LabelValues<string> | undefined;
}

/** What `observe()` of a histogram with `enableExemplars` takes. */
export interface ObserveDataWithExemplar<T extends string> {
  value: number;
  labels?: LabelValues<T> | undefined;
  /**
   * What was observed, such as a trace: becomes the exemplar of the bucket. At most 128 characters, names and values
   * together. The present exemplar stays if it is empty or not given.
   */
  exemplarLabels?: LabelValues<string> | undefined;
}

/**
 * Whether the argument of `inc()` or `observe()` is one of the above. Any other object is labels: prom-client then
 * takes it for an increment of the series without labels.
 */
export function hasExemplarKeys(argument: unknown): argument is object {
  return (
    typeof argument === 'object' &&
    argument !== null &&
    ('labels' in argument || 'value' in argument || 'exemplarLabels' in argument)
  );
}

/** What the function that ends a timer is given. */
export type TimerEnd<T extends string> = {
  readonly labels: LabelValues<T> | undefined;
  readonly exemplarLabels: LabelValues<string> | undefined;
};
