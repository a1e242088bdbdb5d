import { threadId } from 'node:worker_threads';
import type { FamilyDefinition } from '../model/family';
import { type LabelShape, noShape, shapeOf } from '../model/label-shape';
import type { LabelSet, LabelTexts } from '../model/labels';
import type { NativeAddon, NativeSegment } from '../native';
import { kindsAndTexts } from './given-labels';
import {
  type CellHolder,
  type Meeting,
  type Newcomer,
  type NewcomerPlaces,
  noMeeting,
  type PageKey,
} from './store';

/** A segment that this thread writes: what the addon knows by numbers, in terms of families and holders. */
export class OwnSegment implements NewcomerPlaces {
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
  move(keepsCounts: boolean, holders: readonly CellHolder[]): void {
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
      holder.moved?.();
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

  /** False when there was no room for the family. Throws a NativeError when there is none for the series. */
  allocate(
    family: number,
    texts: LabelTexts,
    given: LabelSet | undefined,
    count: number,
    holder: CellHolder,
  ): boolean {
    const known = this.#families.get(family);
    if (known === undefined) return false;
    const shape = given === undefined ? 0 : shapeOf(texts, given, known.labelNames);
    if (given === undefined || shape !== noShape) {
      this.native.addSeries(family, count, shape, ...texts);
    } else {
      const { kinds, texts: own } = kindsAndTexts(given, known.labelNames);
      this.native.addSeries(family, count, kinds, ...own);
    }
    this.#fill(holder);
    return true;
  }

  /** None is made while the segment should move, nor for a family that it does not know, nor where there is no room. */
  meet(family: number, texts: LabelTexts, shape: LabelShape, count: number, holder: CellHolder): Meeting {
    const mayBeNew = this.#waste <= this.#bearableWaste && this.#families.has(family);
    try {
      const meeting = this.native.meetSeries(family, count, mayBeNew ? shape : noShape, ...texts);
      if (meeting !== noMeeting) this.#fill(holder);
      return meeting;
    } catch {
      return noMeeting;
    }
  }

  takeNewcomers(family: number, labels: number): Newcomer[] {
    const all = this.native.takeNewcomers(family, labels);
    const newcomers: Newcomer[] = [];
    for (let at = 0; at < all.length; at += 4 + labels) {
      const [record, extent, index, shape] = all.slice(at, at + 4) as [number, number, number, number];
      const texts = all.slice(at + 4, at + 4 + labels) as LabelTexts;
      const values = this.#extents[extent] ?? this.#newExtent(extent);
      newcomers.push({ values, index, record, texts, shape });
    }
    return newcomers;
  }

  releaseNewcomers(family: number): void {
    this.#waste = this.native.releaseNewcomers(family);
  }

  allocatePage(header: CellHolder, key: PageKey, page: CellHolder): void {
    this.native.addPage(
      this.#extentOf(header),
      header.index,
      key.slot,
      key.sign,
      key.schema,
      key.generation,
      key.number,
    );
    this.#fill(page);
  }

  allocateExemplar(header: CellHolder, bucket: number, exemplar: CellHolder): void {
    this.native.addExemplar(this.#extentOf(header), header.index, bucket);
    this.#fill(exemplar);
  }

  release(holder: CellHolder, count: number): void {
    this.#waste = this.native.release(holder.record, this.#extentOf(holder), holder.index, count);
  }

  #fill(holder: CellHolder): void {
    const [place, extents] = [this.#place, this.#extents];
    const extent = place[1] as number;
    // V8 takes a look beyond the end of an array for a reason to compile all of it again.
    holder.values = (extent < extents.length && extents[extent]) || this.#newExtent(extent);
    holder.index = place[2] as number;
    holder.record = place[0] as number;
  }

  #point(holder: CellHolder, record: number, extent: number, index: number): void {
    if (record < 0) {
      holder.record = -1; // somebody who took this owner for dead has removed it
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

  #extentOf(holder: CellHolder): number {
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
