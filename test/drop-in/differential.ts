import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import * as judge from 'prom-client';
import { expect, onTestFinished, test, vi } from 'vitest';
import * as ours from '../../src/index';

// Random operations, done to this library and to the real prom-client at the same time: what one prints, returns or
// throws, the other must too. What is left out on purpose is listed in docs/differences.md.

const METRIC_NAMES = ['m_one', 'm_two', 'm_three', 'm_four', 'm_five'];
const LABEL_NAMES = ['a', 'b', 'c'];
const REGISTRIES = 3;
const QUANTILES = [0, 0.01, 0.25, 0.5, 0.9, 0.99, 1];
/** The bound on a quantile's error at schema 5: 1.083 %. */
const ALPHA = (2 ** (1 / 32) - 1) / (2 ** (1 / 32) + 1);

const ABSENT = Symbol('absent');

type Library = typeof ours | typeof judge;
type Kind = 'counter' | 'gauge' | 'histogram' | 'summary';
type Values = readonly unknown[];

interface Create {
  readonly op: 'create';
  readonly kind: Kind;
  readonly name: string;
  readonly help: unknown;
  readonly labelNames: string[];
  /** Every label value as a string and in the order of the names: for what remembers another caller than ours does. */
  readonly canonical: boolean;
  readonly registries: number[];
  readonly aggregator: judge.Aggregator;
  readonly buckets: number[];
  readonly aged: boolean;
  readonly pruned: boolean;
  /** `planned` resets the metric in the next tick, after prom-client has read it. */
  readonly collect: 'none' | 'sync' | 'async' | 'planned' | 'invalid';
  readonly exemplars: boolean;
}

interface Labels {
  readonly order: readonly string[];
  readonly values: Values;
  readonly unknown: boolean;
}

type Operation =
  | Create
  | {
      op: 'write';
      metric: number;
      method: number;
      labels: Labels | undefined;
      value: unknown;
      bare: boolean;
      exemplar: Record<string, unknown> | undefined;
    }
  | { op: 'labels'; metric: number; by: Labels | Values; method: number; value: unknown }
  | { op: 'keep'; metric: number; values: Values }
  | { op: 'kept'; child: number; method: number; value: unknown }
  | { op: 'remove'; metric: number; by: Labels | Values }
  | { op: 'reset'; metric: number }
  | { op: 'zero'; metric: number; labels: Labels }
  | { op: 'map'; metric: number; how: 'keys' | 'delete' | 'empty' | 'write'; entry: number; value: number }
  | { op: 'aggregator'; metric: number; aggregator: judge.Aggregator }
  | { op: 'aggregate'; registries: number[] }
  | { op: 'register'; metric: number; registry: number }
  | { op: 'unregister'; name: string; registry: number }
  | { op: 'defaults'; registry: number; labels: Record<string, unknown> }
  | { op: 'clear' | 'resetAll' | 'read'; registry: number };

export interface Variant {
  readonly openMetrics: boolean;
  /**
   * What holds only while nothing is merged, which the exposition of a group always is: label values that are neither
   * text, number, boolean nor null keep their type, and those of exemplars if they are no text; series that default
   * labels make equal are printed twice; a merged registry has the metrics of one registry after those of the other.
   */
  readonly exotic: boolean;
}

const text = fc.constantFrom('x', 'y', '', '1', 'true', 'null', 'q"uo\\te\n', 'ünï 🙂', '{}', '1.5');

function labelValue({ exotic }: Pick<Variant, 'exotic'>): fc.Arbitrary<unknown> {
  const plain = fc.constantFrom<unknown>(1, 1.5, 1e21, Number.NaN, true, false, null, undefined, ABSENT);
  const strange = fc.constantFrom<unknown>(1n, ['x', 'y'], { toString: () => 'x"y' }, () => 'x');
  return fc.oneof(
    { weight: 4, arbitrary: text },
    { weight: 3, arbitrary: plain },
    { weight: exotic ? 1 : 0, arbitrary: strange },
  );
}

const amount = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<unknown>(0, 1, 2, 0.1, 3.75, 1e21, 1e-7, 5e-324, 12) },
  { weight: 3, arbitrary: fc.double({ noDefaultInfinity: true, noNaN: true }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(
      undefined,
      null,
      -1,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      '5',
      'abc',
      { k: 1 },
      true,
      5n,
      Symbol('s'),
    ),
  },
);

/** Some are too long by a little. */
function exemplarLabels({ exotic }: Variant): fc.Arbitrary<Record<string, unknown>> {
  const long = fc.integer({ min: 110, max: 130 }).map((length) => 'ü'.repeat(length));
  const value = fc.oneof(
    { weight: 6, arbitrary: fc.oneof(text, fc.string({ unit: 'binary' })) },
    { weight: 1, arbitrary: long },
    { weight: exotic ? 2 : 0, arbitrary: fc.constantFrom<unknown>(7, -0, true, null, undefined) },
  );
  return fc.dictionary(fc.constantFrom('traceId', 'spanId', 'x'), value, { noNullPrototype: true });
}

function operation(options: Variant): fc.Arbitrary<Operation> {
  const metric = fc.nat(9);
  const registry = fc.nat(REGISTRIES - 1);
  const method = fc.nat(2);
  const values = fc.array(labelValue(options), { minLength: 0, maxLength: 3 });
  const labels: fc.Arbitrary<Labels> = fc.record({
    order: fc.shuffledSubarray(LABEL_NAMES, { minLength: 3 }),
    values: fc.array(labelValue(options), { minLength: 3, maxLength: 3 }),
    unknown: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
  });
  const by = fc.oneof(labels, values);
  const aggregator = fc.constantFrom<judge.Aggregator>('sum', 'first', 'min', 'max', 'average');
  const create: fc.Arbitrary<Create> = fc.record({
    op: fc.constant('create' as const),
    kind: fc.constantFrom<Kind>(
      ...(['counter', 'gauge', 'histogram', 'summary'] as const),
      ...(options.openMetrics ? (['counter', 'histogram', 'histogram'] as const) : []),
    ),
    name: fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom(...METRIC_NAMES) },
      { weight: 1, arbitrary: fc.constantFrom('1bad', 'no good', '') },
    ),
    help: fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom<unknown>('help', 'back\\slash "quoted"\nnew line ü') },
      { weight: 1, arbitrary: fc.constantFrom<unknown>('', undefined) },
    ),
    labelNames: fc.oneof(
      { weight: 20, arbitrary: fc.shuffledSubarray(LABEL_NAMES) },
      { weight: 1, arbitrary: fc.constantFrom<string[]>(['le'], ['quantile'], ['a', 'not-good']) },
    ),
    canonical: fc.boolean(),
    registries: fc.uniqueArray(registry, { minLength: 0, maxLength: 2 }),
    aggregator,
    buckets: fc.constantFrom([0.1, 1, 10], [], [5, 1, 2], [0.5], [-2, 0, 1e-7, 1e21], [1, Infinity]),
    aged: fc.boolean(),
    pruned: fc.boolean(),
    collect: fc.oneof(
      { weight: 8, arbitrary: fc.constant('none' as const) },
      { weight: 4, arbitrary: fc.constantFrom('sync' as const, 'async' as const, 'planned' as const) },
      { weight: 1, arbitrary: fc.constant('invalid' as const) },
    ),
    exemplars: fc.integer({ min: 0, max: 19 }).map((n) => n < (options.openMetrics ? 12 : 1)),
  });
  const write = fc.record({
    op: fc.constant('write' as const),
    metric,
    method,
    labels: fc.option(labels, { nil: undefined }),
    value: amount,
    bare: fc.boolean(),
    exemplar: fc.option(exemplarLabels(options), { nil: undefined }),
  });
  const map = fc.record({
    op: fc.constant('map' as const),
    metric,
    how: fc.constantFrom('keys' as const, 'delete' as const, 'empty' as const, 'write' as const),
    entry: fc.nat(5),
    value: fc.integer({ min: 0, max: 9 }),
  });
  const defaults = fc.record({
    op: fc.constant('defaults' as const),
    registry,
    labels: fc.dictionary(
      fc.constantFrom(...(options.exotic ? ['a', 'b', 'env'] : ['env', 'pid'])),
      fc.oneof(text, fc.constantFrom(0, 7, true)),
      {
        noNullPrototype: true,
      },
    ),
  });
  return fc.oneof(
    { weight: 8, arbitrary: create },
    { weight: 20, arbitrary: write },
    {
      weight: 8,
      arbitrary: fc.record({ op: fc.constant('labels' as const), metric, by, method, value: amount }),
    },
    { weight: 3, arbitrary: fc.record({ op: fc.constant('keep' as const), metric, values }) },
    {
      weight: 6,
      arbitrary: fc.record({ op: fc.constant('kept' as const), child: fc.nat(9), method, value: amount }),
    },
    { weight: 4, arbitrary: fc.record({ op: fc.constant('remove' as const), metric, by }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('reset' as const), metric }) },
    { weight: 3, arbitrary: fc.record({ op: fc.constant('zero' as const), metric, labels }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('register' as const), metric, registry }) },
    { weight: 3, arbitrary: map },
    {
      weight: 2,
      arbitrary: fc.record({ op: fc.constant('aggregator' as const), metric, aggregator }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        op: fc.constant('aggregate' as const),
        registries: fc.array(registry, { minLength: 1, maxLength: 3 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        op: fc.constant('unregister' as const),
        name: fc.constantFrom(...METRIC_NAMES),
        registry,
      }),
    },
    { weight: 2, arbitrary: defaults },
    {
      weight: 2,
      arbitrary: fc.record({
        op: fc.constantFrom('read' as const, 'resetAll' as const, 'clear' as const),
        registry,
      }),
    },
  );
}

/** One library and what has been made with it so far. */
class Side {
  readonly registries: judge.Registry[];
  readonly metrics: { metric: judge.Metric; made: Create }[] = [];
  readonly children: { child: Record<string, (value?: unknown) => void>; made: Create }[] = [];
  readonly #library: Library;

  constructor(library: Library, { openMetrics }: Variant) {
    this.#library = library;
    const Registry = library.Registry as unknown as new (contentType: string) => judge.Registry;
    const type = openMetrics ? ours.openMetricsContentType : ours.prometheusContentType;
    this.registries = Array.from({ length: REGISTRIES }, () => new Registry(type));
  }

  merge(): judge.Registry {
    return (this.#library.Registry as unknown as typeof judge.Registry).merge(this.registries);
  }

  /** Does one operation; what it returns is compared, and what it throws. */
  do(operation: Operation): unknown {
    switch (operation.op) {
      case 'create':
        return this.#create(operation);
      case 'write':
        return this.#write(operation);
      case 'labels': {
        const target = this.#metric(operation.metric);
        if (target !== undefined && hasBrokenChildren(target.made)) return undefined;
        const child = target && call(target.metric, 'labels', ...argumentsFor(target.made, operation.by));
        return child && call(child, methodOf(target.made, operation.method), operation.value);
      }
      case 'keep': {
        const target = this.#metric(operation.metric);
        if (target === undefined || !(target.made.canonical || target.made.kind === 'gauge'))
          return undefined;
        if (hasBrokenChildren(target.made)) return undefined;
        const child = call(target.metric, 'labels', ...argumentsFor(target.made, operation.values));
        this.children.push({ child: child as never, made: target.made });
        return undefined;
      }
      case 'kept': {
        const kept = at(this.children, operation.child);
        return kept && call(kept.child, methodOf(kept.made, operation.method), operation.value);
      }
      case 'remove': {
        const target = this.#metric(operation.metric);
        return target && call(target.metric, 'remove', ...argumentsFor(target.made, operation.by));
      }
      case 'reset':
        return this.#metric(operation.metric)?.metric.reset();
      case 'zero': {
        const target = this.#metric(operation.metric);
        const isFit = target?.made.kind === 'histogram' && target.made.canonical && !operation.labels.unknown;
        return isFit ? call(target.metric, 'zero', labelsFor(target.made, operation.labels)) : undefined;
      }
      case 'map':
        return this.#useMap(operation);
      case 'aggregator': {
        const target = this.#metric(operation.metric);
        if (target !== undefined) Object.assign(target.metric, { aggregator: operation.aggregator });
        return undefined;
      }
      case 'aggregate':
        return this.#aggregate(operation.registries);
      case 'register': {
        const target = this.#metric(operation.metric);
        return target && this.#registry(operation.registry).registerMetric(target.metric);
      }
      case 'unregister':
        return this.#registry(operation.registry).removeSingleMetric(operation.name);
      case 'defaults':
        return this.#registry(operation.registry).setDefaultLabels({ ...operation.labels });
      case 'clear':
        return this.#registry(operation.registry).clear();
      case 'resetAll':
        return this.#registry(operation.registry).resetMetrics();
      case 'read':
        return this.#registry(operation.registry).metrics();
    }
  }

  #create(made: Create): void {
    const {
      kind,
      canonical: _,
      exemplars: ___,
      aged,
      pruned,
      collect,
      registries,
      buckets,
      op: __,
      ...config
    } = made;
    const options: Record<string, unknown> = {
      ...config,
      labelNames: [...config.labelNames],
      registers: registries.map((i) => this.#registry(i)),
      ...(kind === 'histogram' && { buckets: [...buckets] }),
      ...(kind === 'summary' && { percentiles: QUANTILES, pruneAgedBuckets: pruned }),
      ...(kind === 'summary' && aged && { maxAgeSeconds: 86_400, ageBuckets: 5 }),
      ...(keepsExemplars(made) && { enableExemplars: true }),
      ...(collect !== 'none' && { collect: collector(made) }),
    };
    const Class = {
      counter: this.#library.Counter,
      gauge: this.#library.Gauge,
      histogram: this.#library.Histogram,
      summary: this.#library.Summary,
    }[kind] as unknown as new (
      options: unknown,
    ) => judge.Metric;
    let metric: judge.Metric;
    try {
      metric = new Class(options);
    } catch (error) {
      this.#removeHalfMade(made.name);
      throw error;
    }
    if (this.#library === judge) keepOwnLabels(metric);
    this.metrics.push({ metric, made });
  }

  /** A metric that the second of its registries refused stays in the first; in the judge it is a wreck there. */
  #removeHalfMade(name: string): void {
    for (const registry of this.registries) {
      const isMade = this.metrics.some(({ metric }) => metric === registry.getSingleMetric(name));
      if (!isMade) registry.removeSingleMetric(name);
    }
  }

  #write({ metric, method, labels, value, bare, exemplar }: Operation & { op: 'write' }): unknown {
    const target = this.#metric(metric);
    if (target === undefined) return undefined;
    const name = methodOf(target.made, method);
    if (takesExemplars(target.made)) {
      return call(target.metric, name, {
        ...(labels !== undefined && { labels: labelsFor(target.made, labels) }),
        ...(!bare && { value }),
        ...(exemplar !== undefined && { exemplarLabels: { ...exemplar } }),
      });
    }
    if (labels === undefined) return call(target.metric, name, ...(bare ? [] : [value]));
    return call(target.metric, name, labelsFor(target.made, labels), ...(bare ? [] : [value]));
  }

  /** What applications do with the private map. Of exotic label values its keys differ. */
  #useMap({ metric: number, how, entry, value }: Operation & { op: 'map' }): unknown {
    const target = this.#metric(number);
    if (target === undefined || !target.made.canonical) return undefined;
    const metric = target.metric as unknown as { hashMap: Record<string, { value?: number }> };
    const { hashMap } = metric;
    const keys = Object.keys(hashMap).sort((a, b) => (a < b ? -1 : 1));
    const key = at(keys, entry) ?? '';
    if (how === 'delete') return delete hashMap[key];
    if (how === 'empty') metric.hashMap = {};
    const hasValue = ['counter', 'gauge'].includes(target.made.kind);
    if (how === 'write' && hasValue) Object.assign(hashMap[key] ?? {}, { value });
    return keys;
  }

  async #aggregate(registries: readonly number[]): Promise<string> {
    const lists: object[] = [];
    // As after a transport between processes.
    for (const i of registries) {
      lists.push(JSON.parse(JSON.stringify(await this.#registry(i).getMetricsAsJSON())));
      await setImmediate();
    }
    return this.#library.AggregatorRegistry.aggregate(lists).metrics() as Promise<string>;
  }

  #registry(i: number): judge.Registry {
    return this.registries[i] as judge.Registry;
  }

  #metric(i: number): { metric: judge.Metric; made: Create } | undefined {
    return at(this.metrics, i);
  }
}

/** The judge's `getMetricsAsJSON()` writes default labels into the metrics themselves: a bug that would spread here. */
function keepOwnLabels(metric: judge.Metric): void {
  const get = metric.get.bind(metric) as () => Promise<{ values: object[] }>;
  Object.assign(metric, {
    async get(): Promise<unknown> {
      const family = await get();
      return { ...family, values: family.values.map((value) => ({ ...value })) };
    },
  });
}

function keepsExemplars({ exemplars, registries }: Create): boolean {
  return exemplars && registries.length > 0;
}

/** Whether `inc` or `observe` is called with one object. */
function takesExemplars(made: Create): boolean {
  return keepsExemplars(made) && (made.kind === 'counter' || made.kind === 'histogram');
}

/** The judge's children of such counters count in the series without labels: a bug. */
function hasBrokenChildren(made: Create): boolean {
  return takesExemplars(made) && made.kind === 'counter';
}

function collector(made: Create): unknown {
  const { kind, collect: how } = made;
  if (how === 'invalid') return 'not a function';
  const count = (metric: Record<string, (value: unknown) => void>): void => {
    metric[kind === 'counter' || kind === 'gauge' ? 'inc' : 'observe']?.(
      takesExemplars(made) ? { value: 1 } : 1,
    );
  };
  if (how === 'planned') {
    return function (this: { reset(): void }): void {
      process.nextTick(() => this.reset());
    };
  }
  if (how === 'sync') {
    return function (this: never): void {
      count(this);
    };
  }
  return async function (this: never): Promise<void> {
    await Promise.resolve();
    count(this);
  };
}

function at<T>(list: readonly T[], i: number): T | undefined {
  return list.length === 0 ? undefined : list[i % list.length];
}

function methodOf({ kind }: Create, method: number): string {
  if (kind === 'gauge') return ['set', 'inc', 'dec'][method] as string;
  return kind === 'counter' ? 'inc' : 'observe';
}

function labelsFor(made: Create, labels: Labels): Record<string, unknown> {
  const isCanonical = made.canonical || made.kind === 'gauge';
  const order = isCanonical ? made.labelNames : labels.order.filter((name) => made.labelNames.includes(name));
  const result: Record<string, unknown> = {};
  for (const name of order) {
    const value = labels.values[LABEL_NAMES.indexOf(name)];
    if (value === ABSENT || (isCanonical && value === undefined)) continue;
    result[name] = isCanonical ? `${value}` : value;
  }
  if (labels.unknown) result['zz'] = 'top';
  return result;
}

function argumentsFor(made: Create, by: Labels | Values): unknown[] {
  if ('order' in by) return [labelsFor(made, by)];
  const isCanonical = made.canonical || made.kind === 'gauge';
  // An object at the front would be taken for the labels; null too, which means none here and fails there.
  return by
    .map((value) =>
      isCanonical || (typeof value === 'object' && value !== null) || value === null
        ? `${String(value)}`
        : value,
    )
    .map((value) => (value === ABSENT ? 'absent' : value));
}

function call(target: object, method: string, ...args: unknown[]): unknown {
  const result = (target as Record<string, (...args: unknown[]) => unknown>)[method]?.(...args);
  // The judge's counters return their internal key.
  return method === 'labels' ? result : undefined;
}

type Outcome = { value: unknown } | { error: string; message: string };

async function outcomeOf(run: () => unknown): Promise<Outcome> {
  try {
    return { value: await run() };
  } catch (error) {
    return { error: (error as Error).constructor.name, message: (error as Error).message };
  }
}

/**
 * Quantiles of the two differ: theirs are interpolated, ours keep a bound, which `checkQuantiles` looks at. Where the
 * first exemplar was refused, the judge has a wreck, and in the JSON of a group there is only one kind of none.
 */
function comparable(value: unknown): unknown {
  if (typeof value === 'string') {
    return value
      .replace(/^(.*\{.*quantile="[^"]*".*\}) \S+$/gm, '$1 ~')
      .replace(/ # \{\} \+Inf undefined$/gm, '');
  }
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value;
  const isQuantile = 'labels' in value && Object.hasOwn(value.labels as object, 'quantile');
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([key, inner]) => !(isQuantile && key === 'value') && !(key === 'exemplar' && isNoExemplar(inner)),
      )
      .map(([key, inner]) => [key, key === 'labels' ? inner : comparable(inner)]),
  );
}

/** The text of the objects without their values, which tells the order of their properties. */
function headsOf(families: readonly object[]): string {
  return JSON.stringify(families.map((family) => ({ ...family, values: [] })));
}

function isNoExemplar(value: unknown): boolean {
  return ((value as judge.MetricValueWithName<string> | null | undefined)?.value ?? null) === null;
}

async function compare(ask: (side: Side) => unknown, mine: Side, theirs: Side): Promise<void> {
  // Each reading has a turn of its own: the reset that it has planned runs before the next reading.
  const expected = await outcomeOf(() => ask(theirs));
  await setImmediate();
  const actual = await outcomeOf(() => ask(mine));
  await setImmediate();
  expect(comparable(actual)).toEqual(comparable(expected));
}

async function compareAll(mine: Side, theirs: Side): Promise<void> {
  for (let i = 0; i < REGISTRIES; i++) {
    const registry = (side: Side): judge.Registry => side.registries[i] as judge.Registry;
    await compare((side) => registry(side).metrics(), mine, theirs);
    await compare((side) => registry(side).getMetricsAsJSON(), mine, theirs);
    await compare(async (side) => headsOf(await registry(side).getMetricsAsJSON()), mine, theirs);
    await compare(
      (side) =>
        registry(side)
          .getMetricsAsArray()
          .map(({ name }) => name),
      mine,
      theirs,
    );
    for (const name of METRIC_NAMES) {
      await compare((side) => registry(side).getSingleMetricAsString(name), mine, theirs);
    }
  }
  await compare((side) => side.merge().metrics(), mine, theirs);
  await compare((side) => side.merge().getMetricsAsJSON(), mine, theirs);
  expect(mine.metrics.length).toBe(theirs.metrics.length);
  for (let i = 0; i < mine.metrics.length; i++) {
    await compare((side) => side.metrics[i]?.metric.get(), mine, theirs);
  }
}

/** The observations of each series of the summaries, to hold the quantiles against exact order statistics. */
function checkQuantiles(
  family: { values: readonly judge.MetricValueWithName<string>[] },
  observed: number[],
): void {
  const sorted = Float64Array.from(observed).sort();
  for (const { labels, value, metricName } of family.values) {
    if (metricName !== undefined || sorted.length === 0) continue;
    const rank = Math.max(1, Math.ceil((labels['quantile'] as number) * sorted.length));
    const exact = sorted[rank - 1] as number;
    // Down where doubles are few, half of the smallest is as near as one can get.
    expect(Math.abs(value - exact)).toBeLessThanOrEqual(Math.abs(exact) * ALPHA * (1 + 1e-9) + 5e-324);
  }
}

/** In the middle of nowhere: no window of a summary ends within the seconds that a run takes. */
const START = 1_728_000_000_000 + 7_000_000;

/** Defines the tests, for the current store. */
export function compareWithPromClient(options: Pick<Variant, 'exotic'> & { readonly runs: number }): void {
  test.each([
    ['the text format', false],
    ['OpenMetrics with exemplars', true],
  ])(
    'random operations print, return and throw what they do in prom-client, in %s',
    {
      timeout: 120_000,
    },
    async (_, openMetrics) => {
      const variant = { ...options, openMetrics };
      vi.useFakeTimers({ toFake: ['Date'] });
      onTestFinished(() => {
        vi.useRealTimers();
      });
      await fc.assert(
        fc.asyncProperty(
          fc.array(operation(variant), { minLength: 1, maxLength: 60, size: 'max' }),
          async (operations) => {
            const mine = new Side(ours, variant);
            const theirs = new Side(judge, variant);
            for (const [i, operation] of operations.entries()) {
              vi.setSystemTime(START + i * 123);
              await compare((side) => side.do(operation), mine, theirs);
            }
            await compareAll(mine, theirs);
          },
        ),
        { numRuns: options.runs },
      );
    },
  );

  test('the quantiles of a summary are within 1.083 % of exact order statistics', {
    timeout: 120_000,
  }, async () => {
    const magnitude = fc.double({ noDefaultInfinity: true, noNaN: true });
    const latency = fc.double({ min: 1e-3, max: 30, noNaN: true });
    const whole = fc.integer({ min: -20, max: 1000 });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(...[magnitude, latency, whole].map((value) => fc.array(value, { maxLength: 300 }))),
        async (values) => {
          // As many as there are finite doubles in between would need coarser buckets: see test/metrics/summary.
          const octaves = new Set(
            values.map((value) => `${Math.sign(value)} ${Math.floor(Math.log2(Math.abs(value)))}`),
          );
          fc.pre(octaves.size <= 20);
          const summary = new ours.Summary({ name: 's', help: 'h', percentiles: QUANTILES, registers: [] });
          for (const value of values) summary.observe(value);
          checkQuantiles(await summary.get(), values);
        },
      ),
      { numRuns: options.runs },
    );
  });
}
