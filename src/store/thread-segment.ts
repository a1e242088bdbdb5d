import { readdirSync } from 'node:fs';
import { seriesCells } from '../model/cell-layout';
import type { FamilyDefinition } from '../model/family';
import type { LabelSet, SeriesKey } from '../model/labels';
import type { NativeAddon, NativeError, NativeGroup, NativeSegment } from '../native';
import { realProcess } from '../process';
import { isObject, nativeLabels } from './native-labels';
import type { ResolvedOptions } from './options';
import { type Registration, Segment } from './segment';
import { SeriesLimit } from './series-limit';
import {
  type CellRef,
  type CellStore,
  type ChoiceKind,
  clear,
  discardCells,
  exemplarCells,
  type LiveSeries,
  PAGE_CELLS,
  type PageKey,
} from './store';
import { lackOf, noRoom, tooManySeries, type Warning, warn } from './warnings';

type Limits = Pick<ResolvedOptions, 'maxSegmentBytes' | 'maxGroupBytes' | 'maxSeries' | 'persist'>;

export interface SegmentOptions extends Limits {
  /** The group's directory; undefined when it cannot be opened, and everything counts in this process only. */
  readonly directory: string | undefined;
  /** The group's directory for the user that the process has now, made if it is missing; throws when that is impossible or forbidden. */
  readonly openDirectory: () => string;
}

interface Family {
  definition: FamilyDefinition;
  readonly live: LiveSeries;
  /** The key of its registration. */
  readonly key: string;
  /** The keys of its memberships, by the name of the scope. */
  readonly memberships: Map<string, string>;
}

type Subject = ReturnType<typeof lackOf> | 'series' | 'group';

interface Scope {
  readonly id: number;
  readonly flags: number;
  /** Names and values in turn. */
  readonly defaultLabels: readonly unknown[];
}

/**
 * The segments of this thread: its file in the group's directory, and an overflow in memory of this process for series that found
 * no room in the file. A log has all registrations, so that they can be replayed into a segment that is opened later.
 */
export class ThreadSegment implements CellStore {
  readonly outlivesFamilies = true;
  readonly seriesLimit: SeriesLimit;
  protected group: NativeGroup;
  readonly #addon: NativeAddon;
  readonly #options: SegmentOptions;
  /** Opened for the first registration: a process that only scrapes owns no segment. Null when it could not be opened. */
  #file: Segment | null | undefined;
  #overflow: Segment | undefined;
  /** Whether a segment had no room lately. New series do without a try in the file until a heartbeat or a removal. */
  #isFull = false;
  /** By key, in an order in which a segment can take them. */
  readonly #log = new Map<string, Registration>();
  readonly #families = new Map<number, Family>();
  readonly #scopes = new Map<string, Scope>();
  #lastFamily = 0;
  readonly #warned = new Set<Subject>();
  #directory: string | undefined;
  /** The effective user of the process when the directory was opened. */
  #user: number | undefined = effectiveUser();

  constructor(addon: NativeAddon, options: SegmentOptions) {
    this.#addon = addon;
    this.#options = options;
    this.#directory = options.directory;
    this.group = new addon.Group(options.directory);
    this.seriesLimit = new SeriesLimit(options.maxSeries, () => this.#dropUpdate());
    if (options.directory === undefined) this.#file = null;
  }

  /** Undefined when there is none, and everything counts in this process only. */
  get directory(): string | undefined {
    return this.#directory;
  }

  protected get file(): NativeSegment | undefined {
    return this.#file?.native;
  }

  protected get overflow(): NativeSegment | undefined {
    return this.#overflow?.native;
  }

  addFamily(definition: FamilyDefinition, live: LiveSeries): number {
    const family = ++this.#lastFamily;
    const key = `family ${family}`;
    this.#families.set(family, { definition, live, key, memberships: new Map() });
    this.#registerFamily(family, key, definition);
    return family;
  }

  changeFamily(family: number, definition: FamilyDefinition): void {
    const known = this.#families.get(family);
    if (known === undefined) return;
    known.definition = definition;
    this.#registerFamily(family, known.key, definition);
  }

  replaceFamily(from: number, to: number): void {
    const scopes = [...(this.#families.get(from)?.memberships.keys() ?? [])];
    for (const scope of scopes) {
      // A reader in between sees neither of them, and not the sum of both.
      this.unregister(scope, from);
      this.register(scope, to);
    }
  }

  removeFamily(family: number): void {
    const known = this.#families.get(family);
    if (known === undefined) return;
    for (const key of [...known.memberships.values(), known.key]) this.#unregister(key);
    this.#families.delete(family);
  }

  /** Adds a family to a scope; the order of registration is the order of exposition. */
  register(scopeName: string, family: number): void {
    const scope = this.#scopes.get(scopeName) ?? this.#setScope(scopeName, {});
    const known = this.#families.get(family);
    const key = membershipKey(scope, family);
    if (known === undefined || known.memberships.has(scopeName)) return;
    known.memberships.set(scopeName, key);
    const append = (segment: NativeSegment): number => segment.addMember(scope.id, family);
    this.#register({ key, refersTo: [scopeKey(scope), known.key], append });
  }

  unregister(scopeName: string, family: number): void {
    const scope = this.#scopes.get(scopeName);
    if (scope === undefined) return;
    this.#families.get(family)?.memberships.delete(scopeName);
    this.#unregister(membershipKey(scope, family));
  }

  isRegistered(scopeName: string, family: number): boolean {
    return this.#families.get(family)?.memberships.has(scopeName) === true;
  }

  setDefaultLabels(scope: string, labels: LabelSet): void {
    const defaultLabels = Object.entries(labels).flatMap(([label, value]) => [
      label,
      isObject(value) ? [`${value}`] : value,
    ]);
    this.#setScope(scope, { defaultLabels });
  }

  /** Marks `scopes`, and no others, as this thread's choice; see `View.chosen`. */
  chooseScopes(kind: ChoiceKind, scopes: readonly string[]): void {
    const flag = scopeFlags[kind];
    for (const name of new Set([...this.#scopes.keys(), ...scopes])) {
      const { flags } = this.#scopes.get(name) ?? newScope;
      const chosen = scopes.includes(name) ? flags | flag : flags & ~flag;
      if (chosen !== flags) this.#setScope(name, { flags: chosen });
    }
  }

  allocate(family: number, key: SeriesKey, count: number): CellRef {
    // Not in release(): a caller may release several that belong together, which `live` does not yield any more.
    if (this.#file?.isMostlyGarbage) this.#rewriteFile(this.#file);
    const known = this.#families.get(family);
    if (known === undefined) return discardCells(count);
    const labels = nativeLabels(key, known.definition.labelNames);
    const allocateIn = (segment: Segment | null | undefined): CellRef | undefined =>
      segment && isShown(known, segment)
        ? this.attempt(() => segment.allocateSeries(family, labels, count))
        : undefined;
    const inFile = this.#isFull ? undefined : allocateIn(this.#file);
    return inFile ?? allocateIn(this.#openOverflow()) ?? discardCells(count);
  }

  allocatePage(series: CellRef, key: PageKey): CellRef {
    const segment = this.#segmentOf(series);
    return this.attempt(() => segment?.allocatePage(series, key)) ?? discardCells(PAGE_CELLS);
  }

  allocateExemplar(series: CellRef, bucket: number): CellRef {
    const segment = this.#segmentOf(series);
    return this.attempt(() => segment?.allocateExemplar(series, bucket)) ?? discardCells(exemplarCells);
  }

  release(cells: CellRef, count: number): void {
    this.#segmentOf(cells)?.release(cells, count);
    this.#isFull = false;
    clear(cells);
  }

  protected openFile(): NativeSegment | undefined {
    if (this.#file === undefined) this.#file = this.#newFile();
    return this.file;
  }

  /** Tells other owners that this one lives, and repairs the file: opens, restores or rewrites it. */
  protected maintainFile(): void {
    this.followUser();
    this.#isFull = false;
    if (this.#file === null && this.#directory !== undefined) this.#file = this.#newFile();
    if (!this.#file) return;
    this.#file.native.heartbeat();
    if (this.#file.isMostlyGarbage || !this.#file.native.nameIsCurrent()) this.#rewriteFile(this.#file);
  }

  /**
   * After the process has changed its user: moves to the directory that the group has for that user, with all counts. Returns
   * whether it has moved. When that fails, scrapes show what this thread can still read.
   */
  protected followUser(): boolean {
    const user = effectiveUser();
    if (user === this.#user || this.#directory === undefined) return false;
    try {
      const directory = this.#options.openDirectory();
      const group = new this.#addon.Group(directory);
      group.join(this.#options.persist);
      this.#file?.rewrite(true, [...this.#cellsIn(this.#file)], directory);
      this.#directory = directory;
      this.#user = user;
      this.group = group;
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Moves series from the overflow to the file while there is room, for a few milliseconds. Returns whether it may go on at once. To be
   * called while this thread has no scrape under way: one that has read the file, and not yet the overflow, would miss them.
   */
  protected moveFromOverflow(): boolean {
    const file = this.#file;
    const overflow = this.#overflow;
    if (!file || overflow === undefined) return false;
    const end = performance.now() + longestMoveMs;
    for (const registration of this.#log.values()) {
      if (!file.has(registration.key)) this.#registerIn(file, registration);
    }
    for (const [family, { live, definition, key: record }] of this.#families) {
      const count = seriesCells(definition);
      for (const [series, key] of file.has(record) ? live.keys() : []) {
        if (!overflow.owns(series)) continue;
        const labels = nativeLabels(key, definition.labelNames);
        const cells = this.attempt(() => file.allocateSeries(family, labels, count));
        if (cells === undefined && this.#isFull) return false;
        if (cells === undefined) continue; // too large for a file
        series.moveParts(cells, this, this);
        series.moveTo(cells, count, this);
        if (performance.now() > end) return true;
      }
    }
    if (this.#cellsIn(overflow).next().done) this.#overflow = undefined;
    return false;
  }

  /** The segments in the group's directory; none if it cannot be read. */
  protected segmentNames(): string[] {
    try {
      return readdirSync(this.directory ?? '').filter((name) => name.startsWith('s.'));
    } catch {
      return [];
    }
  }

  /** The result of `action`; undefined, after a warning, if it throws. */
  protected attempt<R>(action: () => R): R | undefined {
    try {
      return action();
    } catch (error) {
      const lack = lackOf(error as NativeError);
      if (lack === 'room') this.#isFull = true;
      this.warnOnce(lack, () => noRoom(this.#directory, error as NativeError));
      return undefined;
    }
  }

  #setScope(name: string, change: Partial<Scope>): Scope {
    const scope = { id: this.#scopes.size, ...newScope, ...this.#scopes.get(name), ...change };
    this.#scopes.set(name, scope);
    const { id, flags, defaultLabels } = scope;
    const append = (segment: NativeSegment): number => segment.addScope(id, name, flags, defaultLabels);
    this.#register({ key: scopeKey(scope), append });
    return scope;
  }

  #register(registration: Registration): void {
    this.openFile(); // before the log has it: a new segment gets all of the log
    this.#log.set(registration.key, registration);
    const isInFile = this.#registerIn(this.#file, registration);
    const isInOverflow = this.#registerIn(this.#overflow, registration);
    if (!isInFile && !isInOverflow) this.#openOverflow();
  }

  #registerFamily(family: number, key: string, definition: FamilyDefinition): void {
    this.#register({ key, append: (segment) => segment.addFamily(family, definition) });
  }

  #unregister(key: string): void {
    this.#log.delete(key);
    this.#file?.unregister(key);
    this.#overflow?.unregister(key);
  }

  #registerIn(segment: Segment | null | undefined, registration: Registration): boolean {
    return this.attempt(() => segment?.register(registration)) !== undefined;
  }

  #replayInto(segment: Segment): Segment {
    for (const registration of this.#log.values()) this.#registerIn(segment, registration);
    return segment;
  }

  #newFile(): Segment | null {
    const { maxSegmentBytes, maxGroupBytes, persist } = this.#options;
    const directory = this.#directory;
    const file = this.attempt(() => {
      if (directory !== undefined) this.#options.openDirectory(); // it may have been deleted since the store was opened
      this.group.join(persist);
      const segment = new Segment(this.#addon, directory, maxSegmentBytes);
      segment.native.limitGroup(maxGroupBytes);
      return this.#replayInto(segment);
    });
    return file ?? null;
  }

  #openOverflow(): Segment | undefined {
    this.#overflow ??= this.attempt(() =>
      this.#replayInto(new Segment(this.#addon, undefined, maxOverflowBytes)),
    );
    return this.#overflow;
  }

  /** Undefined for discard cells. */
  #segmentOf(cells: CellRef): Segment | undefined {
    return [this.#file, this.#overflow].find((segment) => segment?.owns(cells)) ?? undefined;
  }

  /** A failure is tried again by the next heartbeat, or when there is twice the garbage. */
  #rewriteFile(file: Segment): void {
    const isLost = !file.native.nameIsCurrent();
    try {
      if (isLost) this.#options.openDirectory();
      // The archive has the counts if another owner took this one for dead.
      const keepsCounts = !(isLost && file.native.isCompacted());
      file.rewrite(keepsCounts, [...this.#cellsIn(file)], this.#directory ?? '');
    } catch (error) {
      // A file that only has garbage still takes all counts.
      if (isLost) this.warnOnce('room', () => noRoom(this.#directory, error as NativeError));
    }
  }

  *#cellsIn(segment: Segment): Generator<CellRef> {
    for (const { live } of this.#families.values()) {
      for (const series of live) {
        if (segment.owns(series)) yield series;
        for (const part of series.parts?.() ?? []) if (segment.owns(part)) yield part;
      }
    }
  }

  #dropUpdate(): void {
    (this.#file ?? this.#overflow)?.native.countDrops(0, 1);
    this.warnOnce('series', () => tooManySeries(this.#options.maxSeries));
  }

  protected warnOnce(subject: Subject, warning: () => Warning): void {
    if (this.#warned.has(subject)) return;
    this.#warned.add(subject);
    warn(warning());
  }
}

function effectiveUser(): number | undefined {
  return realProcess.geteuid?.();
}

const longestMoveMs = 4;

/** The most that a reader accepts of one segment. */
const maxOverflowBytes: number = 2 ** 30;

const newScope = { flags: 0, defaultLabels: [] };
const scopeFlags: Readonly<Record<ChoiceKind, number>> = { cluster: 1, worker: 2 };

const scopeKey = ({ id }: Scope): string => `scope ${id}`;
const membershipKey = ({ id }: Scope, family: number): string => `member ${id} ${family}`;

/** Whether scrapes find the family in `segment`, as far as it is in a scope at all. */
function isShown({ key, memberships }: Family, segment: Segment): boolean {
  for (const membership of memberships.values()) if (segment.has(membership)) return segment.has(key);
  return memberships.size === 0 && segment.has(key);
}
