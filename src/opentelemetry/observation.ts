import type { MetricFamily, MetricType } from '../model/family';
import { FAMILY, type FamilyHandle, type Registrable } from '../registry/registrable';
import { currentStore } from '../store/current';
import type { AnyRegistry, GroupRegistry } from '../types/registry';
import type { Attributes, BatchObservableCallback, Observable } from './api';
import { plainAttributes } from './attributes';
import { diagnose, diagnoseError } from './global-api';
import { afterMainScript } from './main-script';
import { ObservableInstrument, type Observed } from './observable-instrument';

/** Scrapes wait so long for callbacks. Prometheus gives up after 10 s. */
const longestCallbackMs = 5000;

type Observe = (instrument: unknown, value: number, attributes?: Attributes) => void;

/** A callback, which may observe these instruments. */
interface Callback {
  /** The function that the application has passed. */
  readonly owner: unknown;
  readonly instruments: readonly ObservableInstrument[];
  readonly run: (observe: Observe) => unknown;
}

/** The callbacks of one provider. */
export class Observation {
  readonly #register: AnyRegistry;
  #registered: Collector | undefined;
  #callbacks: Callback[] = [];
  readonly #instruments = new Set<ObservableInstrument>();
  #last: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(register: AnyRegistry) {
    this.#register = register;
  }

  addCallback(callback: Callback): void {
    if (typeof callback.owner !== 'function') {
      diagnose(`expected a function as the callback of an observable, but got ${typeof callback.owner}`);
      return;
    }
    const isKnown = this.#callbacks.some((known) => isSame(known, callback.owner, callback.instruments));
    if (isKnown) return;
    this.#callbacks.push(callback);
    for (const instrument of callback.instruments) this.#instruments.add(instrument);
    afterMainScript(() => {
      this.#registerOnce();
      for (const instrument of callback.instruments) instrument.expose();
    });
  }

  removeCallback(owner: unknown, instruments: readonly ObservableInstrument[]): void {
    this.#callbacks = this.#callbacks.filter((known) => !isSame(known, owner, instruments));
  }

  /** No callback runs any more. Values that were observed stay. */
  stop(): void {
    this.#callbacks = [];
    this.#instruments.clear();
    const registered = this.#registered;
    this.#registered = undefined;
    if (registered !== undefined && isIn(this.#register, registered)) {
      this.#register.removeSingleMetric(registered.name);
    }
  }

  /** Calls before a run begins share it. Runs follow each other, so that none writes older numbers. Never rejects. */
  collect(): Promise<void> {
    this.#next ??= this.#last.then(() => {
      this.#next = undefined;
      this.#last = this.#run();
      return this.#last;
    });
    return this.#next;
  }

  async #run(): Promise<void> {
    const lists = await Promise.all(this.#callbacks.map(observationsOf));
    const nowMs = performance.now();
    const byInstrument = new Map<ObservableInstrument, Observed[]>();
    for (const observed of lists.flat()) {
      const list = byInstrument.get(observed.instrument);
      if (list === undefined) byInstrument.set(observed.instrument, [observed]);
      else list.push(observed);
    }
    for (const instrument of this.#instruments) {
      instrument.write(byInstrument.get(instrument) ?? [], nowMs);
      instrument.endUnobserved(nowMs);
    }
  }

  /** Again if the application has cleared the registry. */
  #registerOnce(): void {
    if (this.#callbacks.length === 0) return;
    if (this.#registered !== undefined && isIn(this.#register, this.#registered)) return;
    let number = 1;
    while (this.#register.getSingleMetric(`opentelemetry ${number}`)) number++;
    this.#registered = new Collector(`opentelemetry ${number}`, () => this.collect());
    (this.#register as GroupRegistry).registerMetric(this.#registered);
  }
}

/** Runs a callback. One that fails or takes too long costs its own values only. */
async function observationsOf({ run, instruments }: Callback): Promise<readonly Observed[]> {
  const observations: Observed[] = [];
  const known = new Set<unknown>(instruments);
  try {
    const pending = run((instrument, value, attributes) => {
      if (!known.has(instrument)) return;
      observations.push({
        instrument: instrument as ObservableInstrument,
        value,
        attributes: { ...plainAttributes(attributes) },
      });
    });
    await beforeDeadline(pending);
    return observations;
  } catch (error) {
    const names = instruments.map(({ descriptor }) => descriptor.name).join(', ');
    diagnoseError(`a callback of ${names} failed: its values are not exposed`, error);
    return [];
  }
}

/** Stands for the callbacks in the registry: it has no numbers of its own, but its `collect` runs at each scrape of the group. */
class Collector implements Registrable {
  /** No metric can have a name with a space. */
  readonly name: string;
  readonly help = 'Runs the callbacks of observable instruments.';
  readonly type: MetricType = 'gauge';
  readonly collect: () => Promise<void>;
  readonly [FAMILY]: FamilyHandle = { store: currentStore(), family: undefined };

  constructor(name: string, collect: () => Promise<void>) {
    this.name = name;
    this.collect = collect;
  }

  get(): MetricFamily {
    const { name, help, type } = this;
    return { name, help, type, aggregator: 'sum', values: [] };
  }
}

function isIn(register: AnyRegistry, collector: Collector): boolean {
  return (register.getSingleMetric(collector.name) as unknown) === collector;
}

/** Batch callbacks are the same with the same set of instruments, in any order. */
function isSame(known: Callback, owner: unknown, instruments: readonly ObservableInstrument[]): boolean {
  const set = new Set(instruments);
  return (
    known.owner === owner &&
    known.instruments.length === set.size &&
    known.instruments.every((instrument) => set.has(instrument))
  );
}

/** A batch callback of the API. Instruments of other libraries are left out. */
export function batchCallback(
  callback: BatchObservableCallback,
  observables: readonly Observable[],
): Callback {
  const instruments = ownInstruments(observables);
  return { owner: callback, instruments, run: (observe) => callback({ observe }) };
}

export function ownInstruments(observables: readonly Observable[]): ObservableInstrument[] {
  return [...new Set(observables)].filter(
    (observable): observable is ObservableInstrument => observable instanceof ObservableInstrument,
  );
}

/** `result` may be a Promise, of any kind. */
async function beforeDeadline(result: unknown): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`It did not end within ${longestCallbackMs} ms`)),
      longestCallbackMs,
    );
  });
  try {
    await Promise.race([result, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
