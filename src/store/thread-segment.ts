import { readdirSync } from 'node:fs';
import { seriesCells } from '../model/cell-layout';
import type { SeriesKey } from '../model/labels';
import type { NativeAddon, NativeError, NativeGroup, NativeSegment } from '../native';
import { realProcess } from '../process';
import { inSlices } from '../slices';
import { StackReserve } from '../stack';
import { nativeLabels } from './native-labels';
import type { ResolvedOptions } from './options';
import { type FamilyRegistration, type Registration, Registrations } from './registrations';
import { Segment } from './segment';
import { SeriesLimit } from './series-limit';
import {
  type CellRef,
  type CellStore,
  clear,
  discardCells,
  exemplarCells,
  NATIVE_CELLS,
  PAGE_CELLS,
  type PageKey,
} from './store';
import { isMissing, lackOf, noRoom, tooManySeries, type Warning, warn } from './warnings';

type Limits = Pick<ResolvedOptions, 'maxSegmentBytes' | 'maxGroupBytes' | 'maxSeries' | 'persist'>;

export interface SegmentOptions extends Limits {
  /** The group's directory; undefined when it cannot be opened, and everything counts in this process only. */
  readonly directory: string | undefined;
  /** The group's directory for the user that the process has now, made if it is missing; throws when that is impossible or forbidden. */
  readonly openDirectory: () => string;
}

type Subject = ReturnType<typeof lackOf> | 'series' | 'group' | 'requests';

/**
 * The segments of this thread: its file in the group's directory, and an overflow in memory of this process for series that found
 * no room in the file.
 */
export class ThreadSegment extends Registrations implements CellStore {
  readonly outlivesFamilies = true;
  readonly seriesLimit: SeriesLimit;
  protected group: NativeGroup;
  readonly #addon: NativeAddon;
  readonly #options: SegmentOptions;
  readonly #stack: StackReserve;
  /** Opened for the first registration: a process that only scrapes owns no segment. Null when it could not be opened. */
  #file: Segment | null | undefined;
  #overflow: Segment | undefined;
  /** Whether a segment had no room lately. New series do without a try in the file until a heartbeat or a removal. */
  #isFull = false;
  /** Until the next heartbeat, to rewrite a deleted file. */
  #attemptsLeft = rewriteAttempts;
  /** From one heartbeat at which there is an overflow until all of its series have been tried. */
  #moves: Iterator<void> | undefined;
  #isMoving = false;
  readonly #warned = new Set<Subject>();
  #directory: string | undefined;
  /** The effective user of the process when the directory was opened. */
  #user: number | undefined = effectiveUser();

  constructor(addon: NativeAddon, options: SegmentOptions) {
    super();
    this.#addon = addon;
    this.#options = options;
    this.#stack = new StackReserve(() => addon.stackPosition());
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

  requireStack(): void {
    this.#stack.require();
  }

  allocate(family: number, key: SeriesKey, count: number): CellRef {
    if (this.#file) this.#reduceGarbage(this.#file);
    const known = this.registered.get(family);
    if (known === undefined) return discardCells(count);
    const labels = nativeLabels(key, known.definition.labelNames);
    const allocateIn = (segment: Segment | null | undefined): CellRef | undefined =>
      segment && isShown(known, segment)
        ? this.attempt(() => segment.allocateSeries(family, labels, count))
        : undefined;
    const inFile = this.#isFull ? undefined : allocateIn(this.#file);
    return inFile ?? this.#allocateInOverflow(allocateIn) ?? discardCells(count);
  }

  allocateNative(series: CellRef, zeroThreshold: number): CellRef {
    const segment = this.#segmentOf(series);
    return this.attempt(() => segment?.allocateNative(series, zeroThreshold)) ?? discardCells(NATIVE_CELLS);
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

  protected override openFile(): NativeSegment | undefined {
    if (this.#file === undefined) this.#file = this.#newFile();
    return this.file;
  }

  /** Tells other owners that this one lives, and repairs the file: opens, restores or rewrites it. */
  protected maintainFile(): void {
    this.followUser();
    this.#isFull = false;
    this.#attemptsLeft = rewriteAttempts;
    if (this.#file === null && this.#directory !== undefined) this.#file = this.#newFile();
    if (!this.#file) return;
    this.#file.native.heartbeat();
    if (this.#overflow) this.#moves ??= this.#moveAll(this.#file, this.#overflow);
    if (this.#file.isMostlyGarbage || !this.#file.native.nameIsCurrent()) this.#beginRewrite(this.#file);
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
      if (this.#file) this.#moveFile(this.#file, directory);
      this.#directory = directory;
      this.#user = user;
      this.group = group;
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Moves series from the overflow to the file while there is room, in slices, or goes on with that. `isScraping` tells whether a
   * scrape of this thread is under way: the moves wait until the next call then, because a scrape that has read the file, and not
   * yet the overflow, would miss them.
   */
  protected moveFromOverflow(isScraping: () => boolean): void {
    if (this.#isMoving || this.#moves === undefined) return;
    inSlices(() => {
      this.#isMoving = !isScraping();
      if (this.#isMoving && this.#moves?.next().done !== false) {
        this.#moves = undefined;
        this.#isMoving = false;
      }
      return this.#isMoving;
    });
    this.#isMoving = true;
  }

  /** Yields before each series. */
  *#moveAll(file: Segment, overflow: Segment): Generator<void> {
    file.native.lacksRoom(true); // a file that was opened later does not know
    for (const registration of this.log.values()) {
      if (!file.has(registration.key)) this.#registerIn(file, registration);
    }
    for (const [family, { live, definition, key: record }] of this.registered) {
      const count = seriesCells(definition);
      for (const [series, key] of file.has(record) ? live.keys() : []) {
        yield;
        if (!overflow.owns(series)) continue;
        const labels = nativeLabels(key, definition.labelNames);
        const cells = this.attempt(() => file.allocateSeries(family, labels, count));
        if (cells === undefined && this.#isFull) return;
        if (cells === undefined) continue; // too large for a file
        series.moveParts(cells, this, this);
        series.moveTo(cells, count, this);
      }
    }
    if (!overflow.isEmpty) return;
    this.#overflow = undefined;
    file.native.lacksRoom(false);
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

  protected override registerInSegments(registration: Registration): void {
    const isInFile = this.#registerIn(this.#file, registration);
    const isInOverflow = this.#registerIn(this.#overflow, registration);
    if (!isInFile && !isInOverflow) this.#openOverflow();
  }

  protected override unregisterInSegments(key: string): void {
    this.#file?.unregister(key);
    this.#overflow?.unregister(key);
  }

  #registerIn(segment: Segment | null | undefined, registration: Registration): boolean {
    return this.attempt(() => segment?.register(registration)) !== undefined;
  }

  #replayInto(segment: Segment): Segment {
    for (const registration of this.log.values()) this.#registerIn(segment, registration);
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

  #allocateInOverflow(
    allocateIn: (segment: Segment | undefined) => CellRef | undefined,
  ): CellRef | undefined {
    const cells = allocateIn(this.#openOverflow());
    if (cells !== undefined) this.file?.lacksRoom(true);
    return cells;
  }

  /** A few records for each new series: the file cannot grow faster than a rewrite copies it, even if the event loop does not turn. */
  #reduceGarbage(file: Segment): void {
    if (file.isMostlyGarbage) this.#beginRewrite(file);
    if (file.isRewriting) this.#continueRewrite(file, recordsPerSeries);
  }

  /** A failure is tried again by the next heartbeat, or when there is twice the garbage. */
  #beginRewrite(file: Segment): void {
    if (file.isRewriting) return;
    this.#attemptRewrite(file, () => {
      if (!file.native.nameIsCurrent()) this.#options.openDirectory();
      file.beginRewrite(this.#directory ?? '');
    });
    if (file.isRewriting) inSlices(() => this.#continueRewrite(file, recordsPerStep));
  }

  /** Returns whether it is not done. */
  #continueRewrite(file: Segment, records: number): boolean {
    if (!file.isRewriting) return false;
    this.#attemptRewrite(file, () => file.continueRewrite(records, () => this.#cellsIn(file)));
    return file.isRewriting;
  }

  #attemptRewrite(file: Segment, action: () => void): void {
    try {
      action();
    } catch (error) {
      // A file that only has garbage still takes all counts.
      if (file.native.nameIsCurrent()) return;
      // The program that has deleted the file may have deleted the temporary file, too.
      if (isMissing(error as NativeError) && this.#attemptsLeft-- > 0) this.#beginRewrite(file);
      else this.warnOnce('room', () => noRoom(this.#directory, error as NativeError));
    }
  }

  /** At once: the next scrape reads the other directory. */
  #moveFile(file: Segment, directory: string): void {
    file.beginRewrite(directory);
    while (file.isRewriting) file.continueRewrite(recordsPerStep, () => this.#cellsIn(file));
  }

  *#cellsIn(segment: Segment): Generator<CellRef> {
    for (const { live } of this.registered.values()) {
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

const rewriteAttempts = 10;

/** A rewrite passes over so many records at a time, and over fewer for each new series. */
const recordsPerStep = 256;
const recordsPerSeries = 16;

/** The most that a reader accepts of one segment. */
const maxOverflowBytes: number = 2 ** 30;

/** Whether scrapes find the family in `segment`, as far as it is in a scope at all. */
function isShown({ key, memberships }: FamilyRegistration, segment: Segment): boolean {
  for (const membership of memberships.values()) if (segment.has(membership)) return segment.has(key);
  return memberships.size === 0 && segment.has(key);
}
