import type { Counts, EventType, SampleError } from './counts';

/** One sample of a line. */
export interface StatsdEvent {
  readonly type: EventType;
  /** As it was sent. */
  readonly name: string;
  /** Timers are seconds. */
  readonly value: number;
  /** Of a gauge: adds the value. */
  readonly isRelative: boolean;
  /** The names are escaped. Lines of several samples share one object. */
  readonly labels: Readonly<Record<string, string>>;
  /** How often an observation counts, by its sampling rate. */
  readonly times: number;
}

const eventTypes: ReadonlyMap<string, EventType> = new Map([
  ['c', 'counter'],
  ['g', 'gauge'],
  ['ms', 'observer'],
  ['h', 'observer'],
  ['d', 'observer'],
]);

/** Fields after value and type that DogStatsD's clients send: sampling, tags, container, time, external data, cardinality. */
const mostComponents = 4;
const mostKnownComponents = 8;
const knownExtra = /^(c:|T\d|e:|card:)/;

/** A smaller sampling rate would have one line count for longer than a scrape takes. */
const mostTimes = 10_000;

/**
 * The events of one line, by the rules of statsd_exporter 0.27.2: types c, g, ms, h and d; sampling; several samples in a line; extended
 * aggregation; tags of DogStatsD, InfluxDB, Librato and SignalFx. Never throws: errors are counted.
 */
export function parseLine(line: string, counts: Counts): StatsdEvent[] {
  const events: StatsdEvent[] = [];
  if (line === '') return events;
  const colon = line.indexOf(':');
  // The replacement character stands for bytes that are not UTF-8.
  if (colon <= 0 || line.includes('\ufffd')) {
    counts.sampleErrors('malformed_line');
    return events;
  }
  const labels: Record<string, string> = Object.create(null);
  const name = withoutTags(line.slice(0, colon), labels, counts);
  const rest = line.slice(colon + 1);
  const hasTags = rest.includes('|#');
  if (hasTags && hasAny(labels)) {
    counts.sampleErrors('mixed_tagging_styles');
    return events;
  }
  const samples = samplesOf(rest, hasTags, counts);
  for (const sample of samples) parseSample(sample, name, labels, counts, events);
  return events;
}

function samplesOf(rest: string, hasTags: boolean, counts: Counts): readonly string[] {
  const [values = '', type] = rest.split('|', 2);
  if (type === undefined) {
    counts.sampleErrors('not_enough_parts_after_colon');
    return [];
  }
  if (values.includes(':')) {
    if (eventTypes.get(type) !== 'observer') {
      counts.sampleErrors('invalid_extended_aggregate_type');
      return [];
    }
    const suffix = rest.slice(values.length);
    return values.split(':').map((value) => value + suffix);
  }
  // A colon of a tag separates no samples.
  return hasTags ? [rest] : rest.split(':');
}

function parseSample(
  sample: string,
  name: string,
  labels: Record<string, string>,
  counts: Counts,
  events: StatsdEvent[],
): void {
  counts.samples();
  const [text = '', type, ...components] = sample.split('|');
  const refuse = (reason: SampleError): void => counts.sampleErrors(reason);
  if (type === undefined || hasTooMany(components)) {
    refuse('malformed_component');
    return;
  }
  let value = numberOf(text);
  if (value === undefined || components.includes('')) {
    refuse(value === undefined ? 'malformed_value' : 'malformed_component');
    return;
  }
  let times = 1;
  for (const component of components) {
    if (component.startsWith('@')) {
      const rate = rateOf(component.slice(1), counts);
      if (type === 'c') value /= rate;
      else if (type !== 'g') times = Math.trunc(1 / rate);
    } else if (component.startsWith('#')) {
      addTags(component.slice(1), ':', labels, counts);
    } else {
      refuse('invalid_sample_factor');
    }
  }
  if (hasAny(labels)) counts.tags();
  const eventType = eventTypes.get(type);
  if (eventType === undefined) {
    refuse('illegal_event');
    return;
  }
  if (times > mostTimes) {
    refuse('invalid_sample_factor');
    times = mostTimes;
  }
  if (times < 1) return;
  const isRelative = eventType === 'gauge' && /^[+-]/.test(text);
  events.push({
    type: eventType,
    name,
    value: type === 'ms' ? value / 1000 : value,
    isRelative,
    labels,
    times,
  });
}

/** More than statsd_exporter 0.27 takes are accepted as long as each is known: its later versions accept these as well. */
function hasTooMany(components: readonly string[]): boolean {
  const most = components.some((component) => knownExtra.test(component))
    ? mostKnownComponents
    : mostComponents;
  return components.length + 2 > most;
}

function rateOf(text: string, counts: Counts): number {
  const rate = numberOf(text);
  if (rate === undefined) counts.sampleErrors('invalid_sample_factor');
  return rate || 1;
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const special: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, infinity: Infinity };

/** A number as Go's ParseFloat() takes it, but for hexadecimal ones; undefined for other texts and beyond the range. */
function numberOf(text: string): number | undefined {
  if (decimal.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
  }
  const [, sign, word = ''] = /^([+-]?)(nan|inf|infinity)$/i.exec(text) ?? [];
  const value = special[word.toLowerCase()];
  if (value === undefined || (sign !== '' && Number.isNaN(value))) return undefined;
  return sign === '-' ? -value : value;
}

/** The name without the tags that are in it: `m[k=v]` of SignalFx, else `m,k=v` of InfluxDB and `m#k=v` of Librato. */
function withoutTags(name: string, labels: Record<string, string>, counts: Counts): string {
  const start = name.indexOf('[');
  const end = name.indexOf(']');
  if (start >= 0 && end >= start) {
    addTags(name.slice(start + 1, end), '=', labels, counts);
    return name.slice(0, start) + name.slice(end + 1);
  }
  if (start >= 0 || end >= 0) {
    counts.tagErrors();
    return name;
  }
  const at = name.search(/[#,]/);
  if (at < 0) return name;
  addTags(name.slice(at + 1), '=', labels, counts);
  return name.slice(0, at);
}

function addTags(text: string, separator: ':' | '=', labels: Record<string, string>, counts: Counts): void {
  if (text === '') return;
  const tags = (text.endsWith(',') ? text.slice(0, -1) : text).split(',');
  for (const one of tags) {
    const tag = separator === ':' && one.startsWith('#') ? one.slice(1) : one;
    const at = tag.indexOf(separator);
    if (at <= 0 || at === tag.length - 1) counts.tagErrors();
    else labels[escapedName(tag.slice(0, at))] = tag.slice(at + 1);
  }
}

function hasAny(labels: object): boolean {
  for (const _ in labels) return true;
  return false;
}

/** A name that Prometheus accepts: other characters become `_`, a run of hyphens one, and a digit at the beginning gets one before it. */
export function escapedName(name: string): string {
  if (/^[A-Za-z_]\w*$/.test(name)) return name;
  const escaped = name.replace(/-+|[^\w-]/gu, '_');
  return /^\d/.test(escaped) ? `_${escaped}` : escaped;
}
