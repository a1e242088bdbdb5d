import { threadId } from 'node:worker_threads';
import type { FamilyDefinition } from '../model/family';
import { labelKind } from '../model/label-kind';
import type { SeriesKey } from '../model/labels';
import type { NativeAddon, NativeSegment } from '../native';
import { loseCells } from './lost-cells';
import type { CellRef, PageKey } from './store';

/** A segment that this thread writes: what the addon knows by numbers, in terms of families and holders. */
export class OwnSegment {
  readonly native: NativeSegment;
  readonly #place = new Int32Array(3);
  readonly #extents: Float64Array[] = [];
  readonly #families = new Map<number, Definition & { readonly labelNames: readonly string[] }>();
  readonly #scopes = new Map<number, Definition>();
  readonly #members = new Map<string, Definition>();
  /** Bytes of removed records, 0 while less than half of all are. */
  #waste = 0;
  #bearableWaste = leastWaste;

  /** Without a directory the segment is memory of this process. Throws a NativeError. */
  constructor(addon: NativeAddon, directory: string | undefined, maxBytes: number) {
    this.native = new addon.Segment(directory, threadId, maxBytes, this.#place);
  }

  /** Whether it is time to `move()` because most of the records are of series that have been removed. */
  get isWasteful(): boolean {
    return this.#waste > this.#bearableWaste;
  }

  /**
   * Moves to a new file, under the same name, with nothing in it but what is live. `holders` are all that have cells here:
   * the numbers move along. `keepsCounts` is false when others have taken over what was counted so far: it then begins
   * at zero. Throws a NativeError when the new file cannot be had; nothing has changed then, and the waste may double.
   */
  move(keepsCounts: boolean, holders: readonly CellRef[]): void {
    const definitions = [...this.#families.values(), ...this.#scopes.values(), ...this.#members.values()];
    const places = new Int32Array(3 * (definitions.length + holders.length));
    let at = 0;
    for (const { record } of definitions) places[3 * at++] = record;
    for (const { record } of holders) places[3 * at++] = record;
    this.#bearableWaste = 2 * Math.max(this.#waste, leastWaste);
    this.native.move(keepsCounts, places);
    this.#bearableWaste = leastWaste;
    this.#waste = 0;
    this.#extents.length = 0;
    at = 0;
    for (const definition of definitions) definition.record = places[3 * at++] as number;
    for (const holder of holders) {
      const [record, extent, index] = [places[3 * at], places[3 * at + 1], places[3 * at + 2]];
      this.#point(holder, record as number, extent as number, index as number);
      at++;
    }
  }

  has(family: number): boolean {
    return this.#families.has(family);
  }

  addFamily(family: number, definition: FamilyDefinition): void {
    const record = this.native.addFamily(family, {
      type: definition.type,
      mergeMode: definition.mergeMode,
      name: definition.name,
      help: definition.help,
      labelNames: definition.labelNames,
      bounds: definition.type === 'summary' ? definition.quantiles : definition.buckets,
      ageBuckets: definition.window?.ageBuckets ?? 0,
      slotMs: definition.window?.slotMs ?? 0,
    });
    this.#families.set(family, { record, labelNames: definition.labelNames });
  }

  removeFamily(family: number): void {
    const known = this.#families.get(family);
    if (known === undefined) return;
    this.#families.delete(family);
    this.#waste = this.native.remove(known.record);
  }

  addScope(scope: number, name: string, defaultLabels: Readonly<Record<string, unknown>>): void {
    const flat = Object.entries(defaultLabels).flatMap(([label, value]) => [label, primitive(value)]);
    const record = this.native.addScope(scope, name, flat);
    const earlier = this.#scopes.get(scope);
    this.#scopes.set(scope, { record });
    // After the new one: a reader must find one or the other.
    if (earlier !== undefined) this.#waste = this.native.remove(earlier.record);
  }

  /** A family that cannot be made a member of anything is forgotten: its series would be seen by nobody. */
  addMember(scope: number, family: number): void {
    const key = `${scope}/${family}`;
    if (this.#members.has(key)) return;
    try {
      if (!this.#scopes.has(scope) || !this.has(family)) throw new Error(undefinedHere);
      this.#members.set(key, { record: this.native.addMember(scope, family) });
    } catch (error) {
      const isMember = [...this.#members.keys()].some((member) => member.endsWith(`/${family}`));
      if (!isMember) this.removeFamily(family);
      throw error;
    }
  }

  removeMember(scope: number, family: number): void {
    const key = `${scope}/${family}`;
    const known = this.#members.get(key);
    if (known === undefined) return;
    this.#members.delete(key);
    this.#waste = this.native.remove(known.record);
  }

  /** Whether the cells are in this segment. */
  owns(cells: CellRef): boolean {
    return this.#extents.includes(cells.values);
  }

  /** Undefined when there was no room for the family. Throws a NativeError when there is none for the series. */
  allocate(family: number, { texts, asWritten }: SeriesKey, count: number): CellRef | undefined {
    const known = this.#families.get(family);
    if (known === undefined) return undefined;
    if (asWritten === undefined) {
      this.native.addSeries(family, count, 0, ...texts);
    } else {
      const own = Object.entries(asWritten);
      const kinds = own.flatMap(([name, value]) => [known.labelNames.indexOf(name), labelKind(value)]);
      const textOf = (name: string): string => texts[known.labelNames.indexOf(name)] ?? 'undefined';
      this.native.addSeries(family, count, kinds, ...own.map(([name]) => textOf(name)));
    }
    return this.#allocated();
  }

  allocatePage(series: CellRef, key: PageKey): CellRef {
    this.native.addPage(
      this.#extentOf(series),
      series.index,
      key.slot,
      key.sign,
      key.schema,
      key.generation,
      key.number,
    );
    return this.#allocated();
  }

  allocateExemplar(series: CellRef, bucket: number): CellRef {
    this.native.addExemplar(this.#extentOf(series), series.index, bucket);
    return this.#allocated();
  }

  release(holder: CellRef, count: number): void {
    this.#waste = this.native.release(holder.record, this.#extentOf(holder), holder.index, count);
  }

  #allocated(): CellRef {
    const [record, extent, index] = this.#place as unknown as [number, number, number];
    return { values: this.#extents[extent] ?? this.#newExtent(extent), index, record };
  }

  #point(holder: CellRef, record: number, extent: number, index: number): void {
    if (record < 0) {
      loseCells(holder); // another process that took this owner for dead has removed the series
      return;
    }
    holder.values = this.#extents[extent] ?? this.#newExtent(extent);
    holder.index = index;
    holder.record = record;
  }

  #newExtent(extent: number): Float64Array {
    const values = new Float64Array(this.native.extent(extent));
    this.#extents[extent] = values;
    return values;
  }

  #extentOf(holder: CellRef): number {
    return this.#extents.indexOf(holder.values);
  }
}

/** What others refer to in this segment. */
interface Definition {
  record: number;
}

/** Less than this is not worth a move. */
const leastWaste: number = 256 * 1024;

// A reader refuses a whole segment in which something refers to a definition that is not there.
const undefinedHere = 'there was no room for the definition that this belongs to';

/**
 * What the addon may turn into text without running the caller's code: a primitive as it is, anything else as an array
 * of its text, whose own text is the same and which is no string.
 */
function primitive(value: unknown): unknown {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return isObject ? [`${value}`] : value;
}
