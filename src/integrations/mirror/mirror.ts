import { metricExists } from '../../errors';
import type { MetricFamily, MetricType } from '../../model/family';
import { FAMILY, type FamilyHandle, type Registrable } from '../../registry/registrable';
import { globalRegistry } from '../../registry/registry';
import { currentStore } from '../../store/current';
import type { AnyRegistry, GroupRegistry } from '../../types/registry';
import { type ForeignFamily, foreignFamily } from './foreign-family';
import { MirroredFamily } from './mirrored-family';

/** A registry of another library: prom-client's, or any other that gives its numbers in the same shape. */
export interface MirroredRegistry {
  getMetricsAsJSON(): readonly object[] | Promise<readonly object[]>;
  getMetricsAsArray?(): readonly object[];
}

export interface MirrorOptions {
  /** Where to show the metrics. Default: the global registry. */
  readonly register?: AnyRegistry | undefined;
}

/**
 * Copies the numbers of another library's registry, such as one that a package has made for itself with prom-client,
 * into this process's segment, so that they are merged over the group. They are copied at the beginning and with each
 * scrape, in all processes; a process that exits leaves the numbers that were copied last. Metrics and series that are
 * removed there are removed here. Call it once in each process, with a registry that is not of this library: the metrics of
 * this library are merged already.
 *
 * Summaries have sum and count only: quantiles cannot be merged. Exemplars are not copied. A metric that gets new label names or
 * other buckets is made anew and comes last in the exposition from then on; without the addon, a new metric is shown from the
 * next scrape on.
 *
 * Returns a function that ends the copying and takes the copies out of the registry and the segment.
 *
 * @throws an Error with code `ERR_METRIC_EXISTS` if a name is taken already; scrapes reject with it if it is taken later.
 */
export function mirror(
  registry: MirroredRegistry,
  { register = globalRegistry }: MirrorOptions = {},
): () => void {
  const names = registry.getMetricsAsArray?.().map((metric) => (metric as { name: string }).name) ?? [];
  for (const name of names) if (register.getSingleMetric(name)) throw metricExists(name);
  const mirrored = new Mirror(registry, register);
  (register as GroupRegistry).registerMetric(mirrored);
  mirrored.collect().catch(() => undefined); // the next scrape rejects with the same error
  return () => mirrored.stop();
}

/** Stands for all copies in the registry: it has no numbers, but its `collect` runs at each scrape, also while there is no family. */
class Mirror implements Registrable {
  readonly name: string;
  readonly help = 'Copies the metrics of another registry.';
  readonly type: MetricType = 'gauge';
  readonly [FAMILY]: FamilyHandle = { store: currentStore(), family: undefined };
  readonly #registry: MirroredRegistry;
  readonly #register: AnyRegistry;
  readonly #families = new Map<string, MirroredFamily>();
  #last: Promise<unknown> = Promise.resolve();
  #next: Promise<void> | undefined;
  #isStopped = false;

  constructor(registry: MirroredRegistry, register: AnyRegistry) {
    this.#registry = registry;
    this.#register = register;
    let number = 1;
    // No metric can have a name with a space.
    while (register.getSingleMetric(`mirror ${number}`)) number++;
    this.name = `mirror ${number}`;
  }

  get(): MetricFamily {
    const { name, help, type } = this;
    return { name, help, type, aggregator: 'sum', values: [] };
  }

  /** Calls before a reading begins share it. Readings follow each other, so that none writes older numbers. */
  collect(): Promise<void> {
    if (this.#next === undefined) {
      this.#next = this.#last.then(() => {
        this.#next = undefined;
        return this.#copy();
      });
      this.#last = this.#next.catch(() => undefined);
    }
    return this.#next;
  }

  stop(): void {
    this.#isStopped = true;
    if ((this.#register.getSingleMetric(this.name) as unknown) === this) {
      this.#register.removeSingleMetric(this.name);
    }
    for (const family of this.#families.values()) family.dispose();
    this.#families.clear();
  }

  async #copy(): Promise<void> {
    if (this.#isStopped) return;
    const found = (await this.#registry.getMetricsAsJSON()) as readonly MetricFamily[];
    if (this.#isStopped) return;
    // A family without series is left out: neither its labels nor its buckets are known.
    const foreign = found.filter(({ name, values }) => this.#families.has(name) || values.length > 0);
    const names = new Set(foreign.map(({ name }) => name));
    const taken = [...names].find(
      (name) => !this.#families.has(name) && this.#register.getSingleMetric(name),
    );
    if (taken !== undefined) throw metricExists(taken);
    for (const [name, family] of this.#families) {
      if (!names.has(name)) this.#end(name, family);
    }
    for (const family of foreign) this.#copyFamily(foreignFamily(family));
  }

  #copyFamily(foreign: ForeignFamily): void {
    const known = this.#families.get(foreign.name);
    if (known?.fits(foreign)) {
      known.copy(foreign);
      return;
    }
    if (known !== undefined) this.#end(foreign.name, known);
    const collect = (): Promise<void> => this.collect();
    const family = new MirroredFamily(foreign, known?.labelNames ?? [], this.#register, collect);
    this.#families.set(foreign.name, family);
  }

  #end(name: string, family: MirroredFamily): void {
    this.#families.delete(name);
    family.dispose();
  }
}
