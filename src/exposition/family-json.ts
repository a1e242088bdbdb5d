import type {
  Exemplar,
  LabelValue,
  MetricFamily,
  MetricType,
  NativeHistogram,
  Sample,
} from '../model/family';
import type { LabelSet } from '../model/labels';
import { aggregatorOf } from '../model/merge-mode';
import { Slices } from '../slices';

type JsonLabel = readonly [name: string, kind: string, text: string];
type JsonNumber = number | 'NaN' | 'Infinity' | '-Infinity';

interface JsonSeries {
  readonly labels: readonly JsonLabel[];
  readonly defaults: readonly JsonLabel[];
  readonly values: readonly JsonNumber[];
  readonly created?: number;
  readonly native?: NativeHistogram;
  readonly exemplars?: readonly JsonExemplar[];
}

interface JsonExemplar {
  readonly bucket: number;
  readonly value: JsonNumber;
  readonly time: number;
  readonly labels: readonly JsonLabel[];
}

/** The line of a family; those of its series come after it. */
interface JsonFamily {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly unit?: string;
  readonly mode: string;
  readonly bounds: readonly JsonNumber[];
}

/** Lines are parsed together up to so many bytes. */
const bytesAtOnce = 32 * 1024;
const lineFeed = 10;
/** A comma and a line feed. */
const endOfLine = 2;

/**
 * Builds prom-client's `getMetricsAsJSON()` from the lines of native/render, with pauses for the event loop. With `hasStarts` the first
 * sample of each series has the time at which that was made, for another exposition.
 */
export async function familiesFromJson(lines: Buffer, hasStarts = false): Promise<MetricFamily[]> {
  const families: MetricFamily[] = [];
  const slices = new Slices();
  let family: JsonFamily | undefined;
  let values: Sample[] = [];
  for (let from = 0; from < lines.length; ) {
    const most = Math.min(from + bytesAtOnce, lines.length - 1);
    const end = lines.indexOf(lineFeed, most) + 1 || lines.length;
    const parsed = JSON.parse(`[${lines.toString('utf8', from, end - endOfLine)}]`);
    for (const line of parsed as readonly (JsonFamily | JsonSeries)[]) {
      if ('name' in line) {
        const { name, help, type, unit, mode } = line;
        family = line;
        values = [];
        const aggregator = aggregatorOf(mode);
        families.push({ help, name, type, ...(unit === undefined ? {} : { unit }), values, aggregator });
      } else if (family !== undefined) {
        const [first, ...rest] = samples(family, line);
        if (first) values.push(hasStarts ? { ...first, created: line.created } : first);
        for (const sample of rest) values.push(sample);
      }
    }
    from = end;
    if (slices.isDue) await slices.pause();
  }
  return families;
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
      {
        value: count,
        metricName: `${name}_count`,
        exemplar: undefined,
        labels: { ...labels },
        ...(series.native && { native: series.native }),
      },
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
