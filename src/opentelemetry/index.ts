export type {
  Attributes,
  BatchObservableCallback,
  BatchObservableResult,
  BoundAdder,
  BoundRecorder,
  Counter,
  Gauge,
  Histogram,
  InstrumentType,
  Meter,
  MetricAdvice,
  MetricOptions,
  Observable,
  ObservableCallback,
  ObservableCounter,
  ObservableGauge,
  ObservableResult,
  ObservableUpDownCounter,
  UpDownCounter,
} from './api';
export { MeterProvider } from './meter-provider';
export type { MetricData } from './metric-data';
export {
  type CollectionResult,
  type MetricProducer,
  type MetricProducerOptions,
  metricProducer,
} from './metric-producer';
export type { Translation } from './names';
export type { MeterProviderOptions } from './options';
export type { Resource } from './resource';
export type { View } from './views';
