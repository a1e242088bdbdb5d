import type { LabelSet } from '../model/labels';

/** Whether the argument of `inc()` or `observe()` has the keys of `IncreaseDataWithExemplar` or `ObserveDataWithExemplar`; prom-client takes any other object for labels. */
export function hasExemplarKeys(
  argument: unknown,
): argument is { labels?: LabelSet; value?: unknown; exemplarLabels?: LabelSet } {
  return (
    typeof argument === 'object' &&
    argument !== null &&
    ('labels' in argument || 'value' in argument || 'exemplarLabels' in argument)
  );
}
