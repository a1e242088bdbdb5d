import type { Exemplar, LabelValue, MetricFamily, MetricType, Sample } from '../model/family';
import type { LabelSet } from '../model/labels';
import { aggregatorOf } from '../model/merge-mode';

type JsonLabel = readonly [name: string, kind: string, text: string];
type JsonNumber = number | 'NaN' | 'Infinity' | '-Infinity';

interface JsonSeries {
  readonly labels: readonly JsonLabel[];
  readonly defaults: readonly JsonLabel[];
  readonly values: readonly JsonNumber[];
  readonly exemplars?: readonly JsonExemplar[];
}

interface JsonExemplar {
  readonly bucket: number;
  readonly value: JsonNumber;
  readonly time: number;
  readonly labels: readonly JsonLabel[];
}

interface JsonFamily {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly mode: string;
  readonly bounds: readonly JsonNumber[];
  readonly series: readonly JsonSeries[];
}

/** Builds prom-client's `getMetricsAsJSON()` from the JSON of native/render. */
export function familiesFromJson(json: string): MetricFamily[] {
  return (JSON.parse(json) as JsonFamily[]).map((family) => ({
    help: family.help,
    name: family.name,
    type: family.type,
    values: family.series.flatMap((series) => samples(family, series)),
    aggregator: aggregatorOf(family.mode),
  }));
}

function samples(family: JsonFamily, series: JsonSeries): Sample[] {
  const values = series.values.map(Number);
  const labels = withDefaults(series);
  const { name } = family;
  if (family.type === 'histogram') {
    const [sum = 0, ...cumulative] = values;
    const count = cumulative.at(-1) ?? 0;
    const bounds = [...family.bounds.map(Number), '+Inf'];
    return [
      ...bounds.map((le, i) => ({
        value: cumulative[i] ?? 0,
        metricName: `${name}_bucket`,
        exemplar: exemplarOf(series, i),
        labels: { le, ...labels },
      })),
      { value: sum, metricName: `${name}_sum`, exemplar: undefined, labels: { ...labels } },
      { value: count, metricName: `${name}_count`, exemplar: undefined, labels: { ...labels } },
    ];
  }
  if (family.type === 'summary') return summarySamples(name, family.bounds.map(Number), values, labels);
  const exemplar = exemplarOf(series, 0);
  return [
    exemplar === null ? { value: values[0] ?? 0, labels } : { value: values[0] ?? 0, labels, exemplar },
  ];
}

/** `values` are those of the quantiles, sum and count. */
export function summarySamples(
  name: string,
  quantiles: readonly number[],
  values: readonly number[],
  labels: LabelSet,
): Sample[] {
  const [sum = 0, count = 0] = values.slice(quantiles.length);
  return [
    ...quantiles.map((quantile, i) => ({ labels: { quantile, ...labels }, value: values[i] ?? 0 })),
    { metricName: `${name}_sum`, labels: { ...labels }, value: sum },
    { metricName: `${name}_count`, labels: { ...labels }, value: count },
  ];
}

function exemplarOf({ exemplars = [] }: JsonSeries, bucket: number): Exemplar | null {
  const found = exemplars.find((exemplar) => exemplar.bucket === bucket);
  if (found === undefined) return null;
  const labelSet = Object.fromEntries(found.labels.map(([name, , text]) => [name, text]));
  return { labelSet, value: Number(found.value), timestamp: found.time };
}

/** As in prom-client's JSON, a default label also replaces an own value that is falsy. */
function withDefaults({ labels, defaults }: JsonSeries): Record<string, LabelValue> {
  const all: Record<string, LabelValue> = {};
  for (const label of labels) all[label[0]] = labelValue(label);
  for (const label of defaults) all[label[0]] ||= labelValue(label);
  return all;
}

function labelValue([, kind, text]: JsonLabel): LabelValue {
  switch (kind) {
    case 'number':
      return Number(text);
    case 'boolean':
      return text === 'true';
    case 'null':
      return null;
    case 'undefined':
      return undefined;
    default:
      return text;
  }
}
