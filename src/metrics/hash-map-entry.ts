import type { LabelSet } from '../model/labels';
import { privateView } from '../model/private-view';
import type { FamilySeries } from '../series/family-series';
import type { Series } from '../series/series';

/**
 * An entry of the `hashMap` of a metric of single numbers. A value that is written to it goes to the series by `set`, and a label moves
 * the number to another series, because applications write both.
 */
export function hashMapEntryOf<S extends Series>(
  family: FamilySeries<S>,
  series: S,
  entry: { readonly value: number; readonly labels: LabelSet },
  set: (series: S, value: number) => void,
): object {
  let current = series;
  const labels = privateView({ ...entry.labels }, ignore, (name, value) => {
    if (current.record < 0) return true;
    // Throws for a label that the metric does not have. Only then is the series removed that has the number.
    const next = family.at({ ...labels, [name]: value });
    if (next.record < 0) return false; // there is no room for another series
    if (next === current) return true;
    set(next, current.get(0));
    family.remove(labels);
    current = next;
    return true;
  });
  return privateView({ ...entry, labels }, ignore, (key, value) => {
    if (key !== 'value' || typeof value !== 'number') return false;
    if (current.record >= 0) set(current, value);
    return true;
  });
}

function ignore(): void {}
