/** The events and errors of a bridge, by the names that statsd_exporter has for them, without its prefix and `_total`. */
export interface Counts {
  lines(): void;
  samples(): void;
  sampleErrors(reason: SampleError): void;
  tags(): void;
  tagErrors(): void;
  events(type: EventType): void;
  eventsUnmapped(): void;
  eventsConflict(type: EventType): void;
  eventsError(reason: EventError): void;
  eventsActions(action: 'map' | 'drop'): void;
}

export type EventType = 'counter' | 'gauge' | 'observer';

export type SampleError =
  | 'malformed_line'
  | 'mixed_tagging_styles'
  | 'not_enough_parts_after_colon'
  | 'invalid_extended_aggregate_type'
  | 'malformed_component'
  | 'malformed_value'
  | 'invalid_sample_factor'
  | 'illegal_event';

export type EventError = 'empty_metric_name' | 'illegal_negative_counter' | 'illegal_value' | 'illegal_label';
