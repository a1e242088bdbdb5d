import type { InstrumentDescriptor, Meter as MeterType, Scope } from './api';
import { AttributeSeries } from './attribute-series';
import { diagnose } from './global-api';
import { defaultBoundaries, exponentialDefinition, sortedBoundaries } from './histogram';
import { mergeModeOf } from './merging';
import { Meter } from './meter';
import { type FamilyHead, NamedFamily } from './named-family';
import { familyName, familyType } from './names';
import { Observation } from './observation';
import { type MeterProviderOptions, type ResolvedOptions, resolvedOptions } from './options';
import { attributeFilter, type View, viewMode, viewOf } from './views';

/**
 * OpenTelemetry's MeterProvider whose instruments count straight into shared memory. Pass it to `metrics.setGlobalMeterProvider()`
 * of @opentelemetry/api in each process, before instrumentations are made; any process shows the metrics of all with the registry's
 * `metrics()`. Instruments never throw: a value that cannot be counted is dropped with a message to OpenTelemetry's `diag`.
 *
 * @throws a TypeError with code `ERR_OPTION_UNKNOWN` or `ERR_OPTION_VALUE`, an Error with code `ERR_VIEW_AGGREGATION`, and a TypeError
 * with code `ERR_EXEMPLARS_FORMAT` for exemplars with a registry that is not of the OpenMetrics content type.
 */
export class MeterProvider {
  readonly #options: ResolvedOptions;
  readonly #observation: Observation;
  readonly #meters = new Map<string, Meter>();
  #hasTarget = false;

  constructor(options: MeterProviderOptions = {}) {
    this.#options = resolvedOptions(options);
    this.#observation = new Observation(this.#options.register);
  }

  /** The meter of a library. The same arguments give the same meter. */
  getMeter(name: string, version?: string, options?: { schemaUrl?: string | undefined }): MeterType {
    const scope = { name: `${name ?? ''}`, version: version ?? '', schemaUrl: options?.schemaUrl ?? '' };
    const key = JSON.stringify([scope.name, scope.version, scope.schemaUrl]);
    let meter = this.#meters.get(key);
    if (meter === undefined) {
      meter = new Meter({
        seriesOf: (descriptor) => this.#seriesOf(descriptor, scope),
        observation: this.#observation,
        exemplars: this.#options.exemplars,
      });
      this.#meters.set(key, meter);
    }
    return meter;
  }

  /** Resolves at once: there is nothing to flush, because every value is in the memory of the group already. */
  async forceFlush(): Promise<void> {}

  /** Ends the callbacks of observable instruments. All counts stay, and synchronous instruments count on. */
  shutdown(): Promise<void> {
    this.#observation.stop();
    return Promise.resolve();
  }

  #seriesOf(descriptor: InstrumentDescriptor, scope: Scope): AttributeSeries | undefined {
    const { register, views, maxSeries, scopeLabels, resourceLabels, exemplars, translation } = this.#options;
    const view = viewOf(views, descriptor, scope) ?? {};
    if (view.drop) return undefined;
    const head = this.#headOf(descriptor, view);
    const named = NamedFamily.of(register, head);
    if (named === undefined) {
      diagnose(
        `expected a name for ${descriptor.type} "${descriptor.name}" that no metric of another type has, but "${head.name}" is taken: ` +
          'its values are dropped. Rename one of them, for instance by a view',
      );
      return undefined;
    }
    if (bucketsOf(named.head) !== bucketsOf(head)) {
      diagnose(
        `expected the buckets of the first histogram "${head.name}" for all, ${bucketsOf(named.head)}, but got ` +
          `${bucketsOf(head)}: the first are used. Give all the same by a view`,
      );
    }
    named.describe(head.help);
    const most = view.maxSeries ?? maxSeries;
    return new AttributeSeries(named, {
      constantLabels: new Map([...(scopeLabels ? scopeEntries(scope) : []), ...resourceLabels]),
      translation,
      filter: attributeFilter(view),
      maxSeries: most,
      ttlSeconds: view.ttlSeconds,
      exemplars: exemplars && head.type !== 'gauge',
      isDescribed: view.description !== undefined,
      opened: () => this.#exposeTarget(),
      overflowed: () =>
        diagnose(
          `expected at most ${most} attribute sets of ${descriptor.type} "${descriptor.name}" in a process, but got one more: it and ` +
            'further ones count in the set otel.metric.overflow="true". Drop an attribute by a view, or raise maxSeries',
        ),
    });
  }

  #headOf(descriptor: InstrumentDescriptor, view: View): FamilyHead {
    const { translation, prefix, histograms } = this.#options;
    const { name, type, description, advice } = descriptor;
    const mergeMode = viewMode(view, type);
    if (view.merge !== undefined && mergeMode === undefined) {
      diagnose(
        `expected a merge of ${type} "${name}" that its type can have, but got ${view.merge}: it is ignored`,
      );
    }
    const isHistogram = type === 'HISTOGRAM';
    const buckets = view.histogram ?? histograms;
    const isExplicit = isHistogram && buckets !== 'exponential';
    const bounds = view.buckets ?? advice.explicitBucketBoundaries ?? defaultBoundaries;
    const sorted = sortedBoundaries(bounds);
    if (isExplicit && sorted.join() !== bounds.join()) {
      diagnose(
        `expected ascending finite boundaries of "${name}", but got ${bounds.join(', ')}: ${sorted.join(', ')} are used`,
      );
    }
    return {
      name: familyName({ ...descriptor, name: view.name ?? name }, translation, prefix),
      type: familyType(type),
      help: view.description ?? description,
      mergeMode: mergeMode ?? mergeModeOf(descriptor),
      origin: { name: view.name ?? name, unit: descriptor.unit, type },
      bounds: isExplicit ? sorted : [],
      native: isHistogram && buckets !== 'explicit' ? exponentialDefinition(view.maxBuckets) : undefined,
    };
  }

  /** With the first series: before that the application may still call `configure()`. */
  #exposeTarget(): void {
    const { target, register, translation } = this.#options;
    if (this.#hasTarget || target === undefined) return;
    this.#hasTarget = true;
    const named = NamedFamily.of(register, targetInfo);
    if (named === undefined) return;
    const series = new AttributeSeries(named, {
      constantLabels: new Map(),
      translation,
      filter: undefined,
      maxSeries: Number.POSITIVE_INFINITY,
      ttlSeconds: undefined,
      exemplars: false,
      isDescribed: true,
      opened: () => undefined,
      overflowed: () => undefined,
    });
    series.at(target).set(0, 1);
  }
}

const targetInfo: FamilyHead = {
  name: 'target_info',
  type: 'gauge',
  help: 'Target metadata',
  mergeMode: 'livemax',
  bounds: [],
};

function bucketsOf({ bounds, native }: FamilyHead): string {
  const explicit = `with the boundaries ${bounds.join(', ')}`;
  if (native === undefined) return explicit;
  const exponential = `at most ${native.maxBuckets} exponential ones`;
  return bounds.length === 0 ? exponential : `${exponential} and those ${explicit}`;
}

function scopeEntries({ name, version, schemaUrl }: Scope): (readonly [string, string])[] {
  const entries = [
    ['otel_scope_name', name],
    ['otel_scope_schema_url', schemaUrl],
    ['otel_scope_version', version],
  ] as const;
  return entries.filter(([label, text]) => text !== '' || label === 'otel_scope_name');
}
