import { badOption, exemplarsFormat, unknownOption, viewAggregation } from '../errors';
import { isMultiprocessMode } from '../model/merge-mode';
import { prometheusContentType } from '../registry/content-type';
import { globalRegistry } from '../registry/registry';
import type { AnyRegistry } from '../types/registry';
import type { Attributes } from './api';
import { plainAttributes } from './attributes';
import { environmentBuckets, type HistogramBuckets, histogramBuckets } from './histogram';
import { labelName, type Translation, translations } from './names';
import { type Resource, targetAttributes } from './resource';
import type { View } from './views';

export interface MeterProviderOptions {
  /** The registry that shows the metrics. Default: the global one. */
  readonly register?: AnyRegistry | undefined;
  /** Comes before each name, with an underscore. Default: none. */
  readonly prefix?: string | undefined;
  /** How names are translated. Default: `suffixes`, as the specification says. */
  readonly translation?: Translation | undefined;
  /** Whether each series has the name, version and schema URL of its meter in labels `otel_scope_*`. Default: true. */
  readonly scopeLabels?: boolean | undefined;
  /**
   * The attributes of `target_info`, such as a resource of the SDK. Default: those of `OTEL_RESOURCE_ATTRIBUTES` and
   * `OTEL_SERVICE_NAME`. `false`: no `target_info`.
   */
  readonly resource?: Resource | false | undefined;
  /** Keys of attributes of the resource that all series have, too. Default: none. */
  readonly resourceLabels?: readonly string[] | undefined;
  readonly views?: readonly View[] | undefined;
  /**
   * Which buckets histograms have: with `explicit` boundaries, `exponential` ones, which scrapers get as native histograms, or `both`.
   * Default: that of `OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION`, else `explicit`.
   */
  readonly histograms?: HistogramBuckets | undefined;
  /** Attribute sets of each instrument in this process, the overflow set included. Default: 2000, as the specification says. */
  readonly maxSeries?: number | undefined;
  /**
   * Whether counters and histograms keep the sampled span in which they counted last. Only with a registry of the OpenMetrics
   * content type. Default: false.
   */
  readonly exemplars?: boolean | undefined;
}

/** The options with their defaults, and the attributes of `target_info` in place of the resource. */
export interface ResolvedOptions {
  readonly register: AnyRegistry;
  readonly prefix: string;
  readonly translation: Translation;
  readonly scopeLabels: boolean;
  /** Undefined: no `target_info`. */
  readonly target: Attributes | undefined;
  /** The labels and values of the resource that all series have. */
  readonly resourceLabels: ReadonlyMap<string, string>;
  readonly views: readonly View[];
  readonly histograms: HistogramBuckets;
  readonly maxSeries: number;
  readonly exemplars: boolean;
}

type Check = readonly [expected: string, isFit: (value: unknown) => boolean];

const text: Check = ['a string', (value) => typeof value === 'string'];
const flag: Check = ['true or false', (value) => typeof value === 'boolean'];
const texts: Check = ['a list of strings', (value) => Array.isArray(value) && value.every(text[1])];
const limit: Check = [
  'a whole number from 1 on, or Infinity',
  (value) => typeof value === 'number' && value >= 1 && (Number.isInteger(value) || value === Infinity),
];
const buckets: Check = [
  `one of ${histogramBuckets.join(', ')}`,
  (value) => histogramBuckets.includes(value as HistogramBuckets),
];
const types = ['COUNTER', 'UP_DOWN_COUNTER', 'GAUGE', 'HISTOGRAM'].flatMap((type) =>
  type === 'HISTOGRAM' ? [type] : [type, `OBSERVABLE_${type}`],
);

const ofProvider: Readonly<Record<keyof MeterProviderOptions, Check>> = {
  register: ['a registry', (value) => typeof (value as AnyRegistry | null)?.registerMetric === 'function'],
  prefix: text,
  translation: [`one of ${translations.join(', ')}`, (value) => translations.includes(value as Translation)],
  scopeLabels: flag,
  resource: [
    'an object with attributes, or false',
    (value) => value === false || isObject((value as Resource | null)?.attributes),
  ],
  resourceLabels: texts,
  views: ['a list of views', (value) => Array.isArray(value) && value.every(isObject)],
  histograms: buckets,
  maxSeries: limit,
  exemplars: flag,
};

const ofView: Readonly<Record<keyof View, Check>> = {
  instrument: text,
  type: [`one of ${types.join(', ')}`, (value) => types.includes(value as string)],
  unit: text,
  meter: text,
  name: text,
  description: text,
  buckets: ['a list of ascending finite numbers', isAscending],
  histogram: buckets,
  maxBuckets: [
    'a whole number from 2 on',
    (value) => typeof value === 'number' && value >= 2 && Number.isInteger(value),
  ],
  attributes: [
    'a list of attribute keys, or an object with such a list under drop',
    (value) => texts[1](value) || texts[1]((value as { drop?: unknown } | null)?.drop),
  ],
  merge: [
    'a multiprocessMode of gauges, or average',
    (value) => value === 'average' || isMultiprocessMode(value),
  ],
  maxSeries: limit,
  ttlSeconds: ['a positive number', (value) => typeof value === 'number' && value > 0],
  drop: flag,
};

/**
 * The options with their defaults. Throws a TypeError with code `ERR_OPTION_UNKNOWN` or `ERR_OPTION_VALUE`, and an Error with code
 * `ERR_VIEW_AGGREGATION` for a view with the property `aggregation`.
 */
export function resolvedOptions(options: MeterProviderOptions): ResolvedOptions {
  check('MeterProvider', options, ofProvider);
  const views = options.views ?? [];
  for (const view of views) {
    if ('aggregation' in view) throw viewAggregation(view.aggregation);
    check('a view', view, ofView);
  }
  const register = options.register ?? globalRegistry;
  const { resource, resourceLabels = [], exemplars = false } = options;
  if (exemplars && register.contentType === prometheusContentType) throw exemplarsFormat();
  const attributes = plainAttributes(targetAttributes(resource || undefined, process.env));
  const translation = options.translation ?? 'suffixes';
  const copied = resourceLabels.filter((key) => attributes[key] !== undefined);
  return {
    register,
    prefix: options.prefix ?? '',
    translation,
    scopeLabels: options.scopeLabels ?? true,
    target: resource === false ? undefined : attributes,
    resourceLabels: new Map(copied.map((key) => [labelName(key, translation), `${attributes[key]}`])),
    views: [...views],
    histograms: options.histograms ?? environmentBuckets(process.env),
    maxSeries: options.maxSeries ?? 2000,
    exemplars,
  };
}

function check(owner: string, options: object, checks: Readonly<Record<string, Check>>): void {
  for (const [name, value] of Object.entries(options)) {
    const found = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (found === undefined) throw unknownOption(name, undefined, Object.keys(checks), owner);
    const [expected, isFit] = found;
    if (value === undefined || isFit(value)) continue;
    throw badOption(`${name} of ${owner}`, expected, value, 'correct it, or leave it out');
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function isAscending(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((bound, i) => Number.isFinite(bound) && (i === 0 || bound > value[i - 1]))
  );
}
