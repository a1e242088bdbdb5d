// The types of @opentelemetry/api that this sub-path implements, by structure: a user's own copy of that package, of any version
// from 1.3 on, accepts these objects. Contexts and attribute values are `unknown` here, which takes the types of all versions.

/** Attribute values by key: strings, numbers, booleans, and arrays of them. Other values count by their JSON text. */
export interface Attributes {
  readonly [key: string]: unknown;
}

export interface MetricAdvice {
  /** Upper bounds of a histogram's buckets, in the unit of the instrument. */
  readonly explicitBucketBoundaries?: readonly number[] | undefined;
}

export interface MetricOptions {
  readonly description?: string | undefined;
  /** A unit of UCUM, such as `s`, `By` or `{request}`. */
  readonly unit?: string | undefined;
  /** 0 for whole numbers, 1 (default) for any. */
  readonly valueType?: number | undefined;
  readonly advice?: MetricAdvice | undefined;
}

/** An instrument with the attributes given once: the cheapest way to count. */
export interface BoundAdder {
  add(value: number): void;
}

export interface BoundRecorder {
  record(value: number): void;
}

/** A value that is no number, and a negative one of a counter, is dropped with a message to OpenTelemetry's `diag`. */
export interface Counter {
  add(value: number, attributes?: Attributes, context?: unknown): void;
  bind(attributes?: Attributes): BoundAdder;
}

export type UpDownCounter = Counter;

export interface Gauge {
  record(value: number, attributes?: Attributes, context?: unknown): void;
  bind(attributes?: Attributes): BoundRecorder;
}

export type Histogram = Gauge;

export interface ObservableResult {
  observe(value: number, attributes?: Attributes): void;
}

export type ObservableCallback = (result: ObservableResult) => void | Promise<void>;

export interface Observable {
  /** The callback runs at each scrape, in every process that has added one. */
  addCallback(callback: ObservableCallback): void;
  removeCallback(callback: ObservableCallback): void;
}

export type ObservableCounter = Observable;
export type ObservableUpDownCounter = Observable;
export type ObservableGauge = Observable;

export interface BatchObservableResult {
  observe(instrument: Observable, value: number, attributes?: Attributes): void;
}

export type BatchObservableCallback = (result: BatchObservableResult) => void | Promise<void>;

export interface Meter {
  createCounter(name: string, options?: MetricOptions): Counter;
  createUpDownCounter(name: string, options?: MetricOptions): UpDownCounter;
  createGauge(name: string, options?: MetricOptions): Gauge;
  createHistogram(name: string, options?: MetricOptions): Histogram;
  createObservableCounter(name: string, options?: MetricOptions): ObservableCounter;
  createObservableUpDownCounter(name: string, options?: MetricOptions): ObservableUpDownCounter;
  createObservableGauge(name: string, options?: MetricOptions): ObservableGauge;
  /** One callback for several instruments. Observations of others are ignored. */
  addBatchObservableCallback(callback: BatchObservableCallback, observables: Observable[]): void;
  removeBatchObservableCallback(callback: BatchObservableCallback, observables: Observable[]): void;
}

export type InstrumentType =
  | 'COUNTER'
  | 'UP_DOWN_COUNTER'
  | 'GAUGE'
  | 'HISTOGRAM'
  | 'OBSERVABLE_COUNTER'
  | 'OBSERVABLE_UP_DOWN_COUNTER'
  | 'OBSERVABLE_GAUGE';

/** How an instrument was created, with the defaults filled in. */
export interface InstrumentDescriptor {
  readonly name: string;
  readonly type: InstrumentType;
  readonly description: string;
  readonly unit: string;
  /** Whether fractions are cut off. */
  readonly isWhole: boolean;
  readonly advice: MetricAdvice;
}

/** The instrumentation scope: the library that creates instruments. */
export interface Scope {
  readonly name: string;
  readonly version: string;
  readonly schemaUrl: string;
}
