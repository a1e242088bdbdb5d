import { type Family, fieldOf, type Label, numberOf, type Sample } from './exposition';
import type { Version } from './grammar';

/** The suffixes of the samples of a family of version 1. Those of version 2 have none. */
export const suffixes: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total', '_created'],
  gauge: [''],
  histogram: ['_bucket', '_sum', '_count', '_created'],
  summary: ['', '_sum', '_count', '_created'],
  unknown: [''],
};

/** What the specification forbids and no grammar can tell. Undefined for nothing. */
export function ruleProblem(families: readonly Family[], version: Version): string | undefined {
  const names = families.map(({ name }) => name);
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) return `${repeated}: two families, or an interleaved one`;
  for (const family of families) {
    const problem = headProblem(family, version) ?? seriesProblem(family, version);
    if (problem !== undefined) return `${family.name}: ${problem}`;
  }
  return undefined;
}

function headProblem({ name, unit, metadata, type, samples }: Family, version: Version): string | undefined {
  if (!['TYPE,HELP', 'TYPE,UNIT,HELP', 'TYPE'].includes(metadata.join())) return `metadata ${metadata}`;
  const base = version === 2 && type === 'counter' ? name.replace(/_total$/, '') : name;
  if (unit !== undefined && !base.endsWith(`_${unit}`)) return `the unit ${unit}`;
  const own = version === 2 ? [''] : (suffixes[type] ?? ['']);
  const other = samples.find((sample) => !own.some((suffix) => sample.name === name + suffix));
  return other && `the sample ${other.name}`;
}

function seriesProblem(family: Family, version: Version): string | undefined {
  const bound = { histogram: 'le', summary: 'quantile' }[family.type];
  const series = new Map<string, Sample[]>();
  let last: Sample[] | undefined;
  for (const sample of family.samples) {
    const names = sample.labels.map(([name]) => name);
    if (new Set(names).size < names.length) return `twice the same label: ${names}`;
    const own = sample.labels.filter(([name]) => version === 2 || name !== bound);
    const key = keyOf(own);
    const known = series.get(key);
    if (known !== undefined && (known !== last || version === 2)) return `two series ${key}`;
    last = known ?? [];
    last.push(sample);
    series.set(key, last);
  }
  const check = version === 2 ? compositeProblem : samplesProblem;
  for (const [key, samples] of series) {
    const problem = check(family, samples) ?? exemplarProblem(family, samples, version);
    if (problem !== undefined) return `${problem} in ${key}`;
  }
  return undefined;
}

/** The same for equal labels in any order. */
export function keyOf(labels: readonly Label[]): string {
  return JSON.stringify([...labels].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function samplesProblem({ name, type }: Family, samples: readonly Sample[]): string | undefined {
  const values = (suffix: string): number[] =>
    samples.filter((sample) => sample.name === name + suffix).map(({ value }) => numberOf(value));
  const bounds = (label: string): string[] =>
    samples.flatMap(({ labels }) => labels.filter(([own]) => own === label).map(([, value]) => value));
  const [sum, count, created] = ['_sum', '_count', '_created'].map((suffix) => values(suffix)[0]);
  const twice = ['_sum', '_count', '_created', '_total'].find((suffix) => values(suffix).length > 1);
  if (twice !== undefined) return `twice ${twice}`;
  if (created !== undefined && !(created > 0)) return `created ${created}`;
  if (type === 'counter')
    return values('_total').every((value) => value >= 0) ? undefined : 'a counter below 0';
  if (type === 'summary') {
    return quantilesProblem(bounds('quantile').map(canonical), values(''), sum, count);
  }
  if (type !== 'histogram') return samples.length > 1 ? 'several samples' : undefined;
  const thresholds = bounds('le').map(canonical);
  if ((sum === undefined) !== (count === undefined)) return 'a sum without a count, or a count without a sum';
  if (count !== undefined && count !== values('_bucket').at(-1)) return 'a count other than that of +Inf';
  if (sum !== undefined && !(sum >= 0 && !((thresholds[0] as number) < 0))) return `the sum ${sum}`;
  return bucketsProblem(thresholds, values('_bucket'));
}

function compositeProblem({ type }: Family, [sample]: readonly Sample[]): string | undefined {
  const { value = '', start } = sample ?? {};
  const number = (name: string): number => numberOf(fieldOf(value, name) ?? 'NaN');
  if (start !== undefined && !(start > 0)) return `st@${start}`;
  if (start !== undefined && (type === 'gauge' || type === 'unknown')) return `a ${type} with a start time`;
  if (value.startsWith('{') !== (type === 'histogram' || type === 'summary')) return `the value ${value}`;
  if (type === 'counter') return numberOf(value) >= 0 ? undefined : 'a counter below 0';
  const pairs = (name: string): number[][] =>
    (fieldOf(value, name) || undefined)?.split(',').map((pair) => pair.split(':').map(numberOf)) ?? [];
  if (type === 'summary') {
    const [quantiles, values] = [0, 1].map((i) => pairs('quantile').map((pair) => pair[i] as number));
    return quantilesProblem(quantiles as number[], values as number[], number('sum'), number('count'));
  }
  if (type !== 'histogram') return undefined;
  const counts: number[] = [];
  for (const sign of ['negative', 'positive']) {
    const spans = pairs(`${sign}_spans`);
    const buckets = pairs(`${sign}_buckets`).flat();
    const length = spans.reduce((total, [, own = 0]) => total + own, 0);
    if (length !== buckets.length) return `${buckets.length} ${sign} buckets in spans of ${length}`;
    counts.push(...buckets);
  }
  if (fieldOf(value, 'schema') !== undefined) {
    const schema = number('schema');
    if (!(schema >= -4 && schema <= 8)) return `the schema ${schema}`;
    const total = counts.reduce((all, count) => all + count, number('zero_count'));
    if (total !== number('count')) return `buckets of ${total} and a count of ${number('count')}`;
    if (!counts.every((count) => count >= 0)) return 'a bucket below 0';
  }
  const classic = pairs('bucket');
  if (classic.length === 0) return undefined;
  if (classic.at(-1)?.[1] !== number('count')) return 'a count other than that of +Inf';
  const [bounds, values] = [0, 1].map((i) => classic.map((pair) => pair[i] as number));
  return bucketsProblem(bounds as number[], values as number[]);
}

function quantilesProblem(
  quantiles: readonly number[],
  values: readonly number[],
  sum: number | undefined,
  count: number | undefined,
): string | undefined {
  if (!quantiles.every((quantile) => quantile >= 0 && quantile <= 1)) return `the quantiles ${quantiles}`;
  if (new Set(quantiles).size < quantiles.length) return 'a quantile twice';
  if (values.some((value) => value < 0)) return 'a quantile below 0';
  if (count === 0 && values.some((value) => !Number.isNaN(value))) return 'a quantile of nothing';
  if ((sum !== undefined && !(sum >= 0)) || (count !== undefined && !(count >= 0))) return `the sum ${sum}`;
  return undefined;
}

/** The counts are cumulative. */
function bucketsProblem(bounds: readonly number[], counts: readonly number[]): string | undefined {
  if (bounds.at(-1) !== Infinity) return 'no bucket +Inf';
  if (bounds.some((bound, i) => i > 0 && !(bound > (bounds[i - 1] as number)))) return `the bounds ${bounds}`;
  if (counts.some((count, i) => !(count >= (counts[i - 1] ?? 0)))) return `the counts ${counts}`;
  return undefined;
}

function exemplarProblem({ type }: Family, samples: readonly Sample[], version: Version): string | undefined {
  for (const { name, labels, exemplars } of samples) {
    if (version === 1 && exemplars.length > 1) return 'several exemplars of a sample';
    const isCounted = version === 2 || name.endsWith(type === 'counter' ? '_total' : '_bucket');
    if (exemplars.length > 0 && !(isCounted && (type === 'counter' || type === 'histogram'))) {
      return `an exemplar of ${name}`;
    }
    const bound = numberOf(labels.find(([label]) => label === 'le')?.[1] ?? '+Inf');
    for (const exemplar of exemplars) {
      const length = [...exemplar.labels.flat().join('')].length;
      if (version === 1 && length > 128) return `an exemplar of ${length} characters`;
      if (version === 1 && !(exemplar.value <= bound)) return 'an exemplar outside of its bucket';
    }
  }
  return undefined;
}

/** A bound in the spelling that the specification asks for; NaN for another spelling. */
function canonical(text: string): number {
  const value = numberOf(text);
  const isPlain = Math.abs(value) >= 1e-4 && Math.abs(value) < 1e6;
  const spelled =
    value === Infinity
      ? '+Inf'
      : value === 0 || isPlain
        ? `${value}${Number.isInteger(value) ? '.0' : ''}`
        : value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  return text === spelled ? value : NaN;
}
