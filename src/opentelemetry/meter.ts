import type {
  BatchObservableCallback,
  Counter,
  Gauge,
  Histogram,
  InstrumentDescriptor,
  InstrumentType,
  Meter as MeterType,
  MetricOptions,
  Observable,
  UpDownCounter,
} from './api';
import type { AttributeSeries } from './attribute-series';
import { diagnose } from './global-api';
import { SynchronousInstrument } from './instruments';
import { ObservableInstrument } from './observable-instrument';
import { batchCallback, type Observation, ownInstruments } from './observation';

/** The part of a provider that its meters need. */
export interface MeterContext {
  /** The series of a new instrument; undefined if none are counted. */
  seriesOf(descriptor: InstrumentDescriptor): AttributeSeries | undefined;
  readonly observation: Observation;
  readonly exemplars: boolean;
}

type Instrument = SynchronousInstrument | ObservableInstrument;

interface Created {
  readonly descriptor: InstrumentDescriptor;
  readonly instrument: Instrument;
  readonly series: AttributeSeries | undefined;
}

/** See `api.ts`. An instrument that is created again is the same object. */
export class Meter implements MeterType {
  readonly #context: MeterContext;
  /** By names in lower case: names are the same in any case of letters. */
  readonly #instruments = new Map<string, Created[]>();

  constructor(context: MeterContext) {
    this.#context = context;
  }

  createCounter(name: string, options?: MetricOptions): Counter {
    return this.#synchronous('COUNTER', name, options);
  }

  createUpDownCounter(name: string, options?: MetricOptions): UpDownCounter {
    return this.#synchronous('UP_DOWN_COUNTER', name, options);
  }

  createGauge(name: string, options?: MetricOptions): Gauge {
    return this.#synchronous('GAUGE', name, options);
  }

  createHistogram(name: string, options?: MetricOptions): Histogram {
    return this.#synchronous('HISTOGRAM', name, options);
  }

  createObservableCounter(name: string, options?: MetricOptions): Observable {
    return this.#observable('OBSERVABLE_COUNTER', name, options);
  }

  createObservableUpDownCounter(name: string, options?: MetricOptions): Observable {
    return this.#observable('OBSERVABLE_UP_DOWN_COUNTER', name, options);
  }

  createObservableGauge(name: string, options?: MetricOptions): Observable {
    return this.#observable('OBSERVABLE_GAUGE', name, options);
  }

  addBatchObservableCallback(callback: BatchObservableCallback, observables: Observable[]): void {
    this.#context.observation.addCallback(batchCallback(callback, observables));
  }

  removeBatchObservableCallback(callback: BatchObservableCallback, observables: Observable[]): void {
    this.#context.observation.removeCallback(callback, ownInstruments(observables));
  }

  #synchronous(
    type: InstrumentType,
    name: string,
    options: MetricOptions | undefined,
  ): SynchronousInstrument {
    return this.#instrument(
      descriptorOf(type, name, options),
      (descriptor, series) => new SynchronousInstrument(descriptor, series, this.#context.exemplars),
    );
  }

  #observable(type: InstrumentType, name: string, options: MetricOptions | undefined): ObservableInstrument {
    return this.#instrument(
      descriptorOf(type, name, options),
      (descriptor, series) => new ObservableInstrument(descriptor, series, this.#context.observation),
    );
  }

  /** The present instrument of the same name, type, unit and kind of values, else a new one. */
  #instrument<I extends Instrument>(
    descriptor: InstrumentDescriptor,
    make: (descriptor: InstrumentDescriptor, series: AttributeSeries | undefined) => I,
  ): I {
    const { name, type, unit, isWhole, description } = descriptor;
    const key = name.toLowerCase();
    const present = this.#instruments.get(key) ?? [];
    const same = present.find(
      ({ descriptor: other }) => other.type === type && other.unit === unit && other.isWhole === isWhole,
    );
    if (same !== undefined) {
      describeAgain(same, description);
      return same.instrument as I;
    }
    const [other] = present;
    if (other !== undefined) {
      const { name: otherName, type: otherType, unit: otherUnit } = other.descriptor;
      diagnose(
        `expected ${otherType} "${otherName}" with unit "${otherUnit}", as it was created first, but got ${type} with unit "${unit}": ` +
          'create it with the same type, unit and valueType everywhere',
      );
    }
    const series = this.#context.seriesOf(descriptor);
    const instrument = make(descriptor, series);
    this.#instruments.set(key, [...present, { descriptor, instrument, series }]);
    return instrument;
  }
}

function describeAgain({ descriptor, series }: Created, description: string): void {
  if (description === descriptor.description) return;
  diagnose(
    `expected the description "${descriptor.description}" of ${descriptor.type} "${descriptor.name}", as it was created first, but got ` +
      `"${description}": the longer one counts. Create it with the same description everywhere`,
  );
  series?.describe(description);
}

const validName = /^[a-z][a-z0-9_.\-/]{0,254}$/i;

function descriptorOf(
  type: InstrumentType,
  name: string,
  options: MetricOptions | undefined,
): InstrumentDescriptor {
  if (!validName.test(name)) {
    diagnose(
      `expected the name of an instrument to be a letter with up to 254 letters, digits, "_", ".", "-" or "/", but got "${name}"`,
    );
  }
  const { description, unit, valueType, advice } = options ?? {};
  return {
    type,
    name: `${name}`,
    description: `${description ?? ''}`,
    unit: `${unit ?? ''}`,
    isWhole: valueType === 0,
    advice: advice ?? {},
  };
}
