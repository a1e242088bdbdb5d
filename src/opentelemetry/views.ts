import type { MergeMode, MultiprocessMode } from '../model/family';
import type { InstrumentDescriptor, InstrumentType, Scope } from './api';
import type { HistogramBuckets } from './histogram';

/** Changes the metrics of the instruments that it selects. Of several views the first that fits an instrument counts. */
export interface View {
  /** Selects by the name of the instrument; `*` stands for any characters, `?` for one. Default: all. */
  readonly instrument?: string | undefined;
  readonly type?: InstrumentType | undefined;
  readonly unit?: string | undefined;
  /** Selects by the name of the meter. */
  readonly meter?: string | undefined;
  /** The name in place of the instrument's, translated as that. */
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  /** Upper bounds of a histogram. They count over the advice of the instrument. */
  readonly buckets?: readonly number[] | undefined;
  /** Which buckets a histogram has; in place of the provider's `histograms`. */
  readonly histogram?: HistogramBuckets | undefined;
  /** Exponential buckets of a series, both signs together: with more the resolution is halved. Default: 160, as the SDK's. */
  readonly maxBuckets?: number | undefined;
  /** The attribute keys that are kept, or those that are dropped. */
  readonly attributes?: readonly string[] | { readonly drop: readonly string[] } | undefined;
  /** How the values of several processes become one. Of counters `sum` and `max`, of histograms only `sum`. */
  readonly merge?: MultiprocessMode | 'average' | undefined;
  /** Attribute sets of each instrument in this process, the overflow set included. */
  readonly maxSeries?: number | undefined;
  /** Removes a series whose value has not changed for so long. */
  readonly ttlSeconds?: number | undefined;
  /** The instruments count nothing. */
  readonly drop?: boolean | undefined;
}

/** The first view that fits. */
export function viewOf(
  views: readonly View[],
  { name, type, unit }: InstrumentDescriptor,
  scope: Scope,
): View | undefined {
  return views.find(
    (view) =>
      (view.instrument === undefined || matches(view.instrument, name)) &&
      (view.type === undefined || view.type === type) &&
      (view.unit === undefined || view.unit === unit) &&
      (view.meter === undefined || view.meter === scope.name),
  );
}

/** Names of instruments are the same in any case of letters. */
function matches(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'is').test(name);
}

/** A function that removes attributes, if the view has one. */
export function attributeFilter({
  attributes,
}: View): ((all: Readonly<Record<string, unknown>>) => Record<string, unknown>) | undefined {
  if (attributes === undefined) return undefined;
  const isList = Array.isArray(attributes);
  const named = new Set<string>(isList ? attributes : (attributes as { drop: readonly string[] }).drop);
  return (all) => {
    const kept: Record<string, unknown> = Object.create(null);
    for (const key of Object.keys(all)) if (named.has(key) === isList) kept[key] = all[key];
    return kept;
  };
}

/** The merge mode of the view, if instruments of that type can have it. */
export function viewMode({ merge }: View, type: InstrumentType): MergeMode | undefined {
  if (merge === undefined) return undefined;
  if (type === 'HISTOGRAM') return merge === 'sum' ? merge : undefined;
  const isCounter = type === 'COUNTER' || type === 'OBSERVABLE_COUNTER';
  return isCounter && merge !== 'sum' && merge !== 'max' ? undefined : merge;
}
