import { badMapping } from '../errors';
import { goExpression } from './go-expression';
import { unknownReferences } from './template';
import { readYaml, type YamlDocument } from './yaml';

/** How observers are shown. */
export type ObserverType = 'histogram' | 'summary';

/** The options of histograms and summaries in a mapping file. */
export interface ObserverOptions {
  readonly type: ObserverType | undefined;
  readonly buckets: readonly number[] | undefined;
  readonly quantiles: readonly number[] | undefined;
  readonly maxAgeSeconds: number | undefined;
  readonly ageBuckets: number | undefined;
  readonly nativeBucketFactor: number | undefined;
  readonly nativeMaxBuckets: number | undefined;
}

/** One entry of `mappings`. */
export interface MappingRule {
  readonly match: string;
  readonly matchType: 'glob' | 'regex';
  /** Templates, with `$1` or `${1}`. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly help: string | undefined;
  readonly action: 'map' | 'drop';
  readonly metricType: 'counter' | 'gauge' | 'observer' | undefined;
  readonly observer: ObserverOptions;
  readonly ttlSeconds: number;
  readonly scale: number | undefined;
  readonly honorLabels: boolean;
}

/** A checked mapping file. */
export interface Mapping {
  readonly rules: readonly MappingRule[];
  readonly observer: ObserverOptions;
  readonly ttlSeconds: number;
  readonly ignoresOrder: boolean;
  /** Keys that have no meaning, which statsd_exporter ignores before its version 0.28, and references that are always empty. */
  readonly warnings: readonly string[];
}

export const noMapping: Mapping = {
  rules: [],
  observer: {
    type: undefined,
    buckets: undefined,
    quantiles: undefined,
    maxAgeSeconds: undefined,
    ageBuckets: undefined,
    nativeBucketFactor: undefined,
    nativeMaxBuckets: undefined,
  },
  ttlSeconds: 0,
  ignoresOrder: false,
  warnings: [],
};

type Path = readonly (string | number)[];
type Fields = Readonly<Record<string, unknown>>;

/** The values of rules that have none of their own. */
interface RuleDefaults {
  readonly matchType: 'glob' | 'regex';
  readonly ttlSeconds: number;
  readonly observerType: ObserverType | undefined;
}

const template = '\\$\\{?\\d+\\}?';
/** Only the first component must not begin with a digit. */
const globPattern = /^(\*|[a-zA-Z_][\w-]*)(\.(\*|\w[\w-]*))*$/;
const namePattern = new RegExp(`^([a-zA-Z_]|${template})([a-zA-Z0-9_]|${template})*$`);
const labelPattern = /^[a-zA-Z_]\w*$/;

const observerKeys = [
  ...[
    'observer_type',
    'timer_type',
    'histogram_options',
    'summary_options',
    'buckets',
    'quantiles',
    'ttl',
    'match_type',
  ],
];
const defaultKeys = [...observerKeys, 'glob_disable_ordering'];
const ruleKeys = [
  ...[
    ...observerKeys,
    'match',
    'name',
    'labels',
    'help',
    'action',
    'match_metric_type',
    'scale',
    'honor_labels',
  ],
];

/**
 * Reads the text of a mapping file of statsd_exporter. `file` is its name, for errors.
 *
 * @throws an Error with code `ERR_STATSD_MAPPING` that names the file, the line and the expectation there.
 */
export function readMapping(text: string, file: string): Mapping {
  const document = readYaml(text, isTextAt);
  if ('message' in document) throw badMapping(file, document.line, 'YAML', document.message);
  return new Reading(document, file).mapping();
}

const textKeys: ReadonlySet<unknown> = new Set(['match', 'name', 'help']);

function isTextAt(keys: readonly unknown[]): boolean {
  return textKeys.has(keys.at(-1)) || keys.at(-2) === 'labels';
}

class Reading {
  readonly #document: YamlDocument;
  readonly #file: string;
  readonly #warnings: string[] = [];

  constructor(document: YamlDocument, file: string) {
    this.#document = document;
    this.#file = file;
  }

  mapping(): Mapping {
    const root = this.#fields(this.#document.value ?? {}, []);
    this.#onlyKeys(root, [], ['defaults', 'mappings']);
    const defaults = this.#fields(root['defaults'] ?? {}, ['defaults']);
    this.#onlyKeys(defaults, ['defaults'], defaultKeys);
    const list = root['mappings'] ?? [];
    if (!Array.isArray(list)) this.#fail(['mappings'], 'a list of mappings', list);
    const observer = this.#observer(defaults, ['defaults'], undefined);
    const matchType = this.#oneOf(defaults, ['defaults'], 'match_type', ['glob', 'regex']) ?? 'glob';
    const ttlSeconds = this.#ttl(defaults, ['defaults']) ?? 0;
    const shared = { matchType, ttlSeconds, observerType: observer.type };
    const rules = (list as unknown[]).map((one, i) => this.#rule(one, ['mappings', i], shared));
    const ignoresOrder = this.#flag(defaults, ['defaults'], 'glob_disable_ordering');
    return { rules, observer, ttlSeconds, ignoresOrder, warnings: this.#warnings };
  }

  #rule(value: unknown, path: Path, defaults: RuleDefaults): MappingRule {
    const fields = this.#fields(value, path);
    this.#onlyKeys(fields, path, ruleKeys);
    const matchType = this.#oneOf(fields, path, 'match_type', ['glob', 'regex']) ?? defaults.matchType;
    const match = this.#text(fields, path, 'match');
    if (match === undefined) this.#fail(path, 'a mapping with the key match', fields);
    const expected =
      'components of letters, digits, _ and -, or * in place of a whole one, separated by points';
    if (matchType === 'glob' && !globPattern.test(match)) this.#fail([...path, 'match'], expected, match);
    const expression = matchType === 'regex' ? this.#regex(match, [...path, 'match']) : match;
    const name = this.#text(fields, path, 'name');
    if (name === undefined) this.#fail(path, 'a mapping with the key name', fields);
    if (!namePattern.test(name))
      this.#fail([...path, 'name'], 'a metric name, which may have templates such as $1 in it', name);
    const scale = fields['scale'];
    if (scale !== undefined && typeof scale !== 'number') this.#fail([...path, 'scale'], 'a number', scale);
    const metricType = this.#oneOf(fields, path, 'match_metric_type', [
      'counter',
      'gauge',
      'observer',
      'timer',
    ]);
    const labels = this.#labels(fields['labels'] ?? {}, [...path, 'labels']);
    this.#onlyKnown(name, expression, [...path, 'name']);
    for (const [label, text] of Object.entries(labels))
      this.#onlyKnown(text, expression, [...path, 'labels', label]);
    return {
      match,
      matchType,
      name,
      labels,
      help: this.#text(fields, path, 'help'),
      action: this.#oneOf(fields, path, 'action', ['map', 'drop']) ?? 'map',
      metricType: metricType === 'timer' ? 'observer' : metricType,
      observer: this.#observer(fields, path, defaults.observerType),
      // 0 is no ttl of its own.
      ttlSeconds: this.#ttl(fields, path) || defaults.ttlSeconds,
      scale,
      honorLabels: this.#flag(fields, path, 'honor_labels'),
    };
  }

  #labels(value: unknown, path: Path): Record<string, string> {
    const fields = this.#fields(value, path);
    return Object.fromEntries(
      Object.entries(fields).map(([label, text]) => {
        const at = [...path, label];
        if (!labelPattern.test(label)) this.#fail(at, 'a label name of letters, digits and _', label);
        if (text === null) return [label, ''];
        if (typeof text === 'object') this.#fail(at, 'the text of a label value', text);
        return [label, `${text}`];
      }),
    );
  }

  /** `defaultType` is that of the file; `defaults` may have options of both types. */
  #observer(fields: Fields, path: Path, defaultType: ObserverType | undefined): ObserverOptions {
    const types = ['histogram', 'summary'] as const;
    const type =
      this.#oneOf(fields, path, 'observer_type', types) ?? this.#oneOf(fields, path, 'timer_type', types);
    const histogramPath = [...path, 'histogram_options'];
    const histogram = this.#fields(fields['histogram_options'] ?? {}, histogramPath);
    const summaryPath = [...path, 'summary_options'];
    const summary = this.#fields(fields['summary_options'] ?? {}, summaryPath);
    const isRule = path[0] === 'mappings';
    const shownAs = type ?? defaultType;
    if (isRule && shownAs === 'summary' && fields['histogram_options'] !== undefined)
      this.#fail(histogramPath, 'no histogram_options, because the observer is a summary', histogram);
    if (isRule && shownAs === 'histogram' && fields['summary_options'] !== undefined)
      this.#fail(summaryPath, 'no summary_options, because the observer is a histogram', summary);
    const [factorKey, maxKey] = ['native_histogram_bucket_factor', 'native_histogram_max_buckets'] as const;
    this.#onlyKeys(histogram, histogramPath, ['buckets', factorKey, maxKey]);
    const factor = histogram[factorKey];
    if (factor !== undefined && !(typeof factor === 'number' && factor > 1 && factor < Infinity))
      this.#fail([...histogramPath, factorKey], 'a number above 1', factor);
    const maxBuckets = histogram[maxKey];
    if (maxBuckets !== undefined && !(Number.isInteger(maxBuckets) && Number(maxBuckets) >= 0))
      this.#fail([...histogramPath, maxKey], 'a whole number', maxBuckets);
    this.#onlyKeys(summary, summaryPath, ['quantiles', 'max_age', 'age_buckets', 'buf_cap']);
    const ageBuckets = summary['age_buckets'];
    if (ageBuckets !== undefined && !(Number.isInteger(ageBuckets) && Number(ageBuckets) >= 0))
      this.#fail([...summaryPath, 'age_buckets'], 'a whole number', ageBuckets);
    const maxAge = summary['max_age'];
    for (const [key, own] of [
      ['buckets', histogram],
      ['quantiles', summary],
    ] as const) {
      if (isRule && fields[key] && own[key])
        this.#fail([...path, key], `${key} in one place, in the options of the observer`, fields[key]);
    }
    return {
      type,
      buckets: this.#numbers(histogram['buckets'] ?? fields['buckets'], [...histogramPath, 'buckets']),
      quantiles: this.#quantiles(summary['quantiles'] ?? fields['quantiles'], [...summaryPath, 'quantiles']),
      maxAgeSeconds: maxAge === undefined ? undefined : this.#seconds(maxAge, [...summaryPath, 'max_age']),
      ageBuckets: Number(ageBuckets) || undefined,
      nativeBucketFactor: factor as number | undefined,
      nativeMaxBuckets: maxBuckets as number | undefined,
    };
  }

  #numbers(value: unknown, path: Path): number[] | undefined {
    if (value === undefined || value === null) return undefined;
    const isList = Array.isArray(value) && value.every((bound) => typeof bound === 'number');
    // The last one may be +Inf, which each histogram has.
    const bounds = isList ? value.filter((bound, i) => bound !== Infinity || i < value.length - 1) : [];
    const isAscending = bounds.every(
      (bound, i) => Number.isFinite(bound) && (i === 0 || bound > (bounds[i - 1] ?? -Infinity)),
    );
    if (!isList || !isAscending) this.#fail(path, 'a list of ascending numbers', value);
    return bounds;
  }

  #quantiles(value: unknown, path: Path): number[] | undefined {
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value)) this.#fail(path, 'a list of quantiles', value);
    return (value as unknown[]).map((one, i) => {
      const quantile = typeof one === 'object' ? (one as Fields | null)?.['quantile'] : one;
      if (typeof quantile === 'number' && quantile >= 0 && quantile <= 1) return quantile;
      return this.#fail([...path, i], 'a quantile from 0 to 1', one);
    });
  }

  #ttl(fields: Fields, path: Path): number | undefined {
    const value = fields['ttl'];
    return value === undefined ? undefined : this.#seconds(value, [...path, 'ttl']);
  }

  /** A duration of Go, such as `1h30m`, or 0. */
  #seconds(value: unknown, path: Path): number {
    const units: Readonly<Record<string, number>> = {
      ns: 1e-9,
      us: 1e-6,
      µs: 1e-6,
      ms: 1e-3,
      s: 1,
      m: 60,
      h: 3600,
    };
    if (value === 0 || value === '0') return 0;
    const text = typeof value === 'string' ? value : '';
    if (!/^((\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h))+$/.test(text))
      this.#fail(path, 'a duration, such as 30s or 1h30m', value);
    return [...text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g)].reduce(
      (sum, [, amount = '', unit = '']) => sum + Number(amount) * (units[unit] ?? 0),
      0,
    );
  }

  #regex(match: string, path: Path): RegExp {
    try {
      return goExpression(match);
    } catch (error) {
      return this.#fail(path, `a regular expression (${(error as Error).message})`, match);
    }
  }

  #text(fields: Fields, path: Path, key: string): string | undefined {
    const value = fields[key];
    if (value === undefined || value === null || value === '') return undefined;
    return typeof value === 'object' ? this.#fail([...path, key], 'a text', value) : `${value}`;
  }

  #flag(fields: Fields, path: Path, key: string): boolean {
    const value = fields[key] ?? false;
    return typeof value === 'boolean' ? value : this.#fail([...path, key], 'true or false', value);
  }

  #oneOf<T extends string>(fields: Fields, path: Path, key: string, values: readonly T[]): T | undefined {
    const value = fields[key];
    if (value === undefined || value === null || value === '') return undefined;
    return values.includes(value as T)
      ? (value as T)
      : this.#fail([...path, key], values.join(' or '), value);
  }

  #fields(value: unknown, path: Path): Fields {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
    return this.#fail(path, 'keys with values', value);
  }

  #onlyKeys(fields: Fields, path: Path, known: readonly string[]): void {
    for (const key of Object.keys(fields)) {
      if (known.includes(key)) continue;
      const line = this.#document.lineOf([...path, key]);
      this.#warnings.push(
        `${this.#file}:${line}: the key ${key} has no meaning here; known are ${known.join(', ')}`,
      );
    }
  }

  /** Warns of references that are always empty. */
  #onlyKnown(text: string, match: string | RegExp, path: Path): void {
    for (const reference of unknownReferences(text, match)) {
      const [, digits] = /^(\d+)\w/.exec(reference) ?? [];
      const advice = digits === undefined ? '' : `; \${${digits}} in braces ends the number there`;
      this.#warnings.push(
        `${this.#file}:${this.#document.lineOf(path)}: $${reference} is empty: the match has no such capture${advice}`,
      );
    }
  }

  #fail(path: Path, expected: string, value: unknown): never {
    throw badMapping(this.#file, this.#document.lineOf(path), expected, value);
  }
}
