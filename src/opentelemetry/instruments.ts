import { GAUGE_SET_AT } from '../model/cell-layout';
import { isMostRecent } from '../model/merge-mode';
import type { Series } from '../series/series';
import type { Attributes, BoundAdder, BoundRecorder, Counter, Gauge, InstrumentDescriptor } from './api';
import type { AttributeSeries } from './attribute-series';
import { plainAttributes } from './attributes';
import { diagnose, sampledSpan } from './global-api';
import { observe, observeExponential } from './histogram';

/** Writes a number to a series; each type of instrument has its own way. `context` is that of the caller, or undefined. */
type Write = (series: Series, value: number, context: unknown) => void;

/**
 * A synchronous instrument. The API has `add()` on some and `record()` on others; they do the same here, with the `write` of the
 * type. Without series, which is so for one that a view drops, it does nothing.
 */
export class SynchronousInstrument implements Counter, Gauge {
  readonly #descriptor: InstrumentDescriptor;
  readonly #series: AttributeSeries | undefined;
  readonly #write: Write;
  readonly #isSigned: boolean;
  readonly #isWhole: boolean;

  constructor(descriptor: InstrumentDescriptor, series: AttributeSeries | undefined, exemplars: boolean) {
    const { type, isWhole } = descriptor;
    this.#descriptor = descriptor;
    this.#series = series;
    this.#write = writeOf(descriptor, series, exemplars);
    this.#isSigned = type === 'UP_DOWN_COUNTER' || type === 'GAUGE';
    this.#isWhole = isWhole;
  }

  add(value: number, attributes?: Attributes, context?: unknown): void {
    this.#count(value, attributes, context);
  }

  record(value: number, attributes?: Attributes, context?: unknown): void {
    this.#count(value, attributes, context);
  }

  /** The same instrument for one attribute set, which is copied: to count there costs no look-up. */
  bind(attributes?: Attributes): BoundAdder & BoundRecorder {
    const own = { ...plainAttributes(attributes) };
    let series: Series | undefined;
    const count = (value: number): void => {
      const amount = this.#amountOf(value);
      if (amount === undefined || this.#series === undefined) return;
      if (series === undefined || series.record < 0) series = this.#series.at(own);
      this.#write(series, amount, undefined);
    };
    return { add: count, record: count };
  }

  #count(value: number, attributes: unknown, context: unknown): void {
    const amount = this.#amountOf(value);
    if (amount !== undefined && this.#series !== undefined) {
      this.#write(this.#series.at(attributes), amount, context);
    }
  }

  /** Undefined for a value that is dropped, as the SDK drops it; NaN as well, which no sum would ever lose again. */
  #amountOf(value: number): number | undefined {
    if (typeof value === 'number' && !this.#isWhole && (value >= 0 || (this.#isSigned && value < 0))) {
      return value;
    }
    return checkedAmount(value, this.#descriptor, this.#isSigned);
  }
}

/** The number that counts for `value`; undefined, with a message, for one that cannot be counted. */
export function checkedAmount(
  value: number,
  { name, type, isWhole }: InstrumentDescriptor,
  isSigned: boolean,
): number | undefined {
  const isFit = typeof value === 'number' && !Number.isNaN(value) && (isSigned || value >= 0);
  if (!isFit || (isWhole && !Number.isFinite(value))) {
    const kind = isWhole ? 'whole number' : 'number';
    const expected = isSigned ? `a ${kind}` : `a ${kind} that is not negative`;
    diagnose(`expected ${expected} for ${type} "${name}", but got ${String(value)}: the value is dropped`);
    return undefined;
  }
  if (!isWhole || Number.isInteger(value)) return value;
  diagnose(`expected a whole number for ${type} "${name}", but got ${value}: the fraction is cut off`);
  return Math.trunc(value);
}

/** Sets a gauge, or a counter whose value is observed. */
export function setValue(series: Series, value: number, mostRecent: boolean): void {
  series.set(0, value);
  if (!mostRecent) return;
  // After the value: a reader between the two stores sees the new value with an old time, and at worst does not use it yet.
  const [seconds, nanoseconds] = process.hrtime();
  series.set(GAUGE_SET_AT, seconds * 1e3 + nanoseconds / 1e6);
}

function writeOf(
  { type, name }: InstrumentDescriptor,
  series: AttributeSeries | undefined,
  exemplars: boolean,
): Write {
  const { head, bounds } = series?.named ?? {};
  if (bounds !== undefined && type === 'HISTOGRAM') {
    const count = head?.native === undefined ? observe : observeExponential;
    const write: Write = exemplars
      ? (to, value, context) => addExemplar(to, count(to, value, bounds), value, context)
      : (to, value) => void count(to, value, bounds);
    return head?.native === undefined ? write : ofFinite(write, name);
  }
  if (type === 'GAUGE') {
    const mostRecent = head !== undefined && isMostRecent(head.mergeMode);
    return (to, value) => setValue(to, value, mostRecent);
  }
  if (!exemplars || type !== 'COUNTER') return (to, value) => to.add(0, value);
  return (to, value, context) => {
    to.add(0, value);
    addExemplar(to, 0, value, context);
  };
}

/** No exponential bucket holds Infinity. */
function ofFinite(write: Write, name: string): Write {
  return (to, value, context) => {
    if (value !== Infinity) write(to, value, context);
    else diagnose(`expected a finite number for HISTOGRAM "${name}", but got Infinity: the value is dropped`);
  };
}

function addExemplar(series: Series, bucket: number, value: number, context: unknown): void {
  const span = sampledSpan(context);
  if (span !== undefined) series.setExemplar(bucket, span, value);
}
