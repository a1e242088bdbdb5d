import { badOption, unknownOption } from '../errors';
import { version } from '../native/search';
import { globalRegistry, type OwnRegistry } from '../registry/registry';
import { startedFamilies } from '../registry/started-families';
import { currentStore } from '../store/current';
import type { AnyRegistry } from '../types/registry';
import type { Attributes } from './api';
import { type MetricData, metricsOf, seriesByScope, type Times, timeOf } from './metric-data';
import { NamedFamily } from './named-family';
import { type Resource, targetAttributes } from './resource';

export interface MetricProducerOptions {
  /** The registry whose metrics are handed out. Default: the global one. */
  readonly register?: AnyRegistry | undefined;
  /** Such as a resource of the SDK. Default: `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME`. */
  readonly resource?: Resource | undefined;
  /** Whether one process hands out the metrics of the group, and the others nothing. Default: true. */
  readonly leaderOnly?: boolean | undefined;
}

type ResourceAttributes = Record<string, string | number | boolean>;

/** A resource as the SDK's readers and exporters take it. */
export interface ProducedResource {
  readonly attributes: ResourceAttributes;
  merge(other: { readonly attributes: object } | null): ProducedResource;
  getRawAttributes(): [string, string | number | boolean][];
}

export interface ScopeMetrics {
  readonly scope: { readonly name: string; readonly version?: string; readonly schemaUrl?: string };
  readonly metrics: MetricData[];
}

export interface CollectionResult {
  readonly resourceMetrics: { readonly resource: ProducedResource; readonly scopeMetrics: ScopeMetrics[] };
  /** Why there are no metrics, if they could not be read. */
  readonly errors: unknown[];
}

/** Readers of @opentelemetry/sdk-metrics, of any version from 1.9 on, ask it for metrics. */
export interface MetricProducer {
  /** Runs the `collect` functions and callbacks of all processes, as a scrape does. Never rejects. */
  collect(options?: { readonly timeoutMillis?: number }): Promise<CollectionResult>;
}

/**
 * Hands the metrics of the group to a reader of OpenTelemetry's SDK, which pushes them, for instance by OTLP: those of this library and
 * those of `MeterProvider`, with cumulative values and the start times of the group. Give it to a reader in each process: one of them
 * pushes, and another one after its death.
 *
 * @throws a TypeError with code `ERR_OPTION_UNKNOWN` or `ERR_OPTION_VALUE`.
 */
export function metricProducer(options: MetricProducerOptions = {}): MetricProducer {
  check(options);
  const { register = globalRegistry, resource, leaderOnly = true } = options;
  const own = producedResource(targetAttributes(resource, process.env));
  const empty = (errors: unknown[]): CollectionResult => ({
    resourceMetrics: { resource: own, scopeMetrics: [] },
    errors,
  });
  return {
    async collect() {
      const store = currentStore();
      if (leaderOnly && store.shared && !store.leads()) return empty([]);
      try {
        const scopeMetrics = await scopeMetricsOf(register as OwnRegistry);
        return { resourceMetrics: { resource: own, scopeMetrics }, errors: [] };
      } catch (error) {
        return empty([error]);
      }
    },
  };
}

/** The metrics that are no instrument's are in a scope of this library. */
const ownScope = JSON.stringify(['prom-client-mmap', version, '']);
const noScope = JSON.stringify(['', '', '']);

async function scopeMetricsOf(register: OwnRegistry): Promise<ScopeMetrics[]> {
  const families = await startedFamilies(register);
  const times: Times = { start: timeOf(performance.timeOrigin), now: timeOf(Date.now()) };
  const scopes = new Map<string, MetricData[]>();
  for (const family of families) {
    if (family.name === 'target_info') continue; // the resource is that
    const naming = NamedFamily.namingOf(register, family.name);
    for (const [scope, series] of seriesByScope(family, naming)) {
      const name = scope === noScope ? ownScope : scope;
      const metrics = scopes.get(name) ?? [];
      scopes.set(name, metrics);
      metrics.push(...metricsOf(family, series, naming, times));
    }
  }
  return Array.from(scopes, ([scope, metrics]) => ({ scope: scopeOf(scope), metrics }));
}

function scopeOf(text: string): ScopeMetrics['scope'] {
  const [name, scopeVersion, schemaUrl] = JSON.parse(text) as [string, string, string];
  return {
    name,
    ...(scopeVersion === '' ? {} : { version: scopeVersion }),
    ...(schemaUrl === '' ? {} : { schemaUrl }),
  };
}

function producedResource(attributes: Attributes): ProducedResource {
  const plain = Object.fromEntries(
    Object.entries(attributes).flatMap(([key, value]) => {
      const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
      return isPlain ? [[key, value]] : [];
    }),
  ) as ResourceAttributes;
  return {
    attributes: plain,
    merge: (other) => producedResource({ ...plain, ...other?.attributes }),
    getRawAttributes: () => Object.entries(plain),
  };
}

function check(options: MetricProducerOptions): void {
  const expected: Record<keyof MetricProducerOptions, readonly [string, (value: unknown) => boolean]> = {
    register: ['a registry', (value) => typeof (value as AnyRegistry | null)?.registerMetric === 'function'],
    resource: [
      'an object with attributes',
      (value) => typeof (value as Resource | null)?.attributes === 'object',
    ],
    leaderOnly: ['true or false', (value) => typeof value === 'boolean'],
  };
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(expected, name)) {
      throw unknownOption(name, undefined, Object.keys(expected), 'metricProducer()');
    }
    const [kind, isFit] = expected[name as keyof MetricProducerOptions];
    if (value === undefined || isFit(value)) continue;
    throw badOption(`${name} of metricProducer()`, kind, value, 'correct it, or leave it out');
  }
}
