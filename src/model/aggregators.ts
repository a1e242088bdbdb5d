import { badAggregator } from '../errors';
import type { Aggregator, Exemplar, MetricFamily, NativeHistogram, Sample } from './family';
import { labelText } from './labels';
import { mergedNative } from './native-histogram';

/**
 * Makes one family of those of several processes, all of the same name; the first one's description counts. Undefined
 * for an empty list and for `omit`.
 */
export type AggregatorFunction = (metrics: readonly MetricFamily[]) => MetricFamily | undefined;

/** Aggregator functions by name. More may be added, for `aggregate()` of lists from other programs. */
export interface Aggregators extends Record<Aggregator, AggregatorFunction> {
  [name: string]: AggregatorFunction;
}

/**
 * The arithmetic of prom-client's aggregators, one number at a time in the order of the list. They know nothing but numbers, so
 * quantiles of summaries are added up or averaged like any others: of a group, only its own merge has right ones.
 */
export const aggregators: Aggregators = {
  sum: aggregator(sum, (samples) => mergedNative(nativesOf(samples))),
  first: aggregator(
    ([first]) => first.value,
    ([first]) => first.native,
  ),
  omit: () => undefined,
  average: aggregator((samples) => sum(samples) / samples.length),
  min: aggregator((samples) => samples.reduce((least, { value }) => Math.min(least, value), Infinity)),
  max: aggregator((samples) => samples.reduce((most, { value }) => Math.max(most, value), -Infinity)),
};

/** A family that can be registered like a metric. */
export interface AggregatedMetric extends MetricFamily {
  get(): MetricFamily;
}

/**
 * Makes one list of several, each as `getMetricsAsJSON()` returns it: families of the same name become one by the `aggregator`
 * of the first, by default a sum. Names are in the order of their first family.
 *
 * @throws an Error with code `ERR_AGGREGATOR` for an aggregator that does not exist.
 */
export function aggregateFamilies(lists: readonly object[]): AggregatedMetric[] {
  const families = (lists as readonly MetricFamily[][]).flat();
  return groupedBy(({ name }) => name, families).flatMap((same) => {
    const family = functionFor(same[0])(same);
    return family ? [{ get: () => family, ...family }] : [];
  });
}

function functionFor(family: { readonly aggregator?: string | null }): AggregatorFunction {
  const name = family.aggregator ?? 'sum';
  const found = Object.hasOwn(aggregators, name) ? aggregators[name] : undefined;
  if (typeof found !== 'function') throw badAggregator(name);
  return found;
}

/** Lists of the items with equal keys, in the order of their first items. */
function groupedBy<V>(keyOf: (item: V) => string, items: readonly V[]): (readonly [V, ...V[]])[] {
  const groups = new Map<string, [V, ...V[]]>();
  for (const item of items) {
    const key = keyOf(item);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [item]);
    else known.push(item);
  }
  return [...groups.values()];
}

type Samples = readonly [Sample, ...Sample[]];

function sum(samples: Samples): number {
  return samples.reduce((total, { value }) => total + value, 0);
}

/**
 * The aggregator function that makes one number of those of a series, and one native histogram. Without `nativeOf` these are left out.
 *
 * @public for lib/metricAggregators.js
 */
export function aggregator(
  numberOf: (samples: Samples) => number,
  nativeOf: (samples: Samples) => NativeHistogram | undefined = () => undefined,
): AggregatorFunction {
  return (metrics) => {
    const first = metrics[0];
    if (first === undefined) return undefined;
    const samples = metrics.flatMap(({ values }) => values ?? []);
    const values = groupedBy(keyOf, samples).map((series) =>
      sampleOf(series, numberOf(series), nativeOf(series)),
    );
    const { help, name, type, unit, aggregator } = first;
    return { help, name, type, ...(unit === undefined ? {} : { unit }), values, aggregator };
  };
}

function sampleOf(samples: Samples, value: number, native: NativeHistogram | undefined): Sample {
  const [{ labels, metricName }] = samples;
  const exemplar = latestExemplar(samples);
  const starts = samples.flatMap(({ created }) => created ?? []);
  return {
    value,
    labels,
    ...(metricName ? { metricName } : {}),
    ...(exemplar ? { exemplar } : {}),
    ...(native ? { native } : {}),
    ...(starts.length > 0 ? { created: Math.min(...starts) } : {}),
  };
}

function nativesOf(samples: Samples): NativeHistogram[] {
  return samples.flatMap(({ native }) => native ?? []);
}

function latestExemplar(samples: Samples): Exemplar | undefined {
  let latest: Exemplar | undefined;
  for (const { exemplar } of samples) {
    if (exemplar && !(latest && latest.timestamp >= exemplar.timestamp)) latest = exemplar;
  }
  return latest;
}

/** Identifies the series of a sample: its name and the texts of its labels in any order. No two series share a key. */
function keyOf({ metricName, labels }: Sample): string {
  let key = part(`${metricName}`);
  for (const name of Object.keys(labels).sort((a, b) => (a < b ? -1 : 1))) {
    const text = labelText(labels[name]);
    if (text !== undefined) key += part(name) + part(text);
  }
  return key;
}

function part(text: string): string {
  return `${text.length}:${text}`;
}

/**
 * Whether the family is added up by this aggregator. Any family is, where it is no text: callbacks get arguments that prom-client ignores. No
 * aggregator of a family means a sum.
 */
export function isOf(aggregator: unknown, family: object): boolean {
  const own = (family as { readonly aggregator?: Aggregator }).aggregator;
  return typeof aggregator !== 'string' || aggregator === (own ?? 'sum');
}
