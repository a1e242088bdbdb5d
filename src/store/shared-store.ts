import { basename } from 'node:path';
import type { FamilyDefinition, MetricFamily } from '../model/family';
import type { LabelSet, LabelTexts } from '../model/labels';
import type { NativeAddon, NativeError, NativeGroup } from '../native';
import { type Announcement, Announcements } from './announcements';
import { Bell, type BellListener, type RemovalRequest, removalMessage } from './bell';
import { familiesFromJson } from './family-json';
import { loseCells, lostRecord } from './lost-cells';
import { type Maintained, Maintenance } from './maintenance';
import { OwnSegment } from './own-segment';
import { type Circumstances, Scrapes } from './scrapes';
import { SeriesBudget } from './series-budget';
import { noRoom, tooManySeries, type Warning } from './storage-warnings';
import {
  type CellHolder,
  exemplarCells,
  type GroupStore,
  type PageKey,
  type SeriesHolder,
  type View,
} from './store';

export interface SharedStoreOptions {
  /** The group's directory; undefined when it could not be had, and everything counts in this process only. */
  readonly directory: string | undefined;
  /** Makes it, if it was deleted; throws when that is not possible or not allowed. */
  readonly makeDirectory: () => void;
  /** Bounds the segment's file; beyond it new series count in this process only. */
  readonly maxSegmentBytes: number;
  /** Bounds all files of the group together; beyond it no segment grows. */
  readonly maxGroupBytes: number;
  /** Series of this thread; what would be more is dropped, and counted. */
  readonly maxSeries: number;
  /** How long a scrape waits for the collect functions of other owners, in milliseconds; 0 does not ask for them. */
  readonly collectDeadlineMs: number;
  /** Whether the group begins with what an earlier run has left; else the first owner of a run removes it. */
  readonly persist: boolean;
  /** Which of the families `prom_client_mmap_*` an exposition has. */
  readonly selfMetrics: 'none' | 'trouble' | 'all';
  /** Called once, with a sentence for the operator, when something cannot be shared. */
  readonly warn: (message: string, code: string) => void;
}

/**
 * This thread's segment of a group and the merged view of all.
 *
 * A series that finds no room in the file goes into a second segment, in memory that only this process has: it counts,
 * and this process's scrapes show it. The next series tries the file again.
 */
export class SharedStore implements GroupStore, Maintained {
  readonly shared = true;
  readonly budget: SeriesBudget;
  readonly #addon: NativeAddon;
  readonly #options: SharedStoreOptions;
  readonly #group: NativeGroup;
  readonly #maintenance: Maintenance;
  readonly #scrapes: Scrapes;
  /** Opened for the first family: who only answers scrapes owns no segment. `null` when it could not be had. */
  #file: OwnSegment | null | undefined;
  #private: OwnSegment | undefined;
  #bell: Bell | undefined;
  readonly #told = new Set<'room' | 'series'>();

  readonly #announced = new Announcements();

  // Which segment a holder's cells are in; holders that are in neither have lost their place for good.
  readonly #inPrivate = new WeakSet<CellHolder>();

  constructor(addon: NativeAddon, options: SharedStoreOptions) {
    this.#addon = addon;
    this.#options = options;
    this.#group = new addon.Group(options.directory);
    if (options.directory === undefined) this.#file = null;
    this.budget = new SeriesBudget(options.maxSeries, () => this.#refuseSeries());
    this.#maintenance = new Maintenance(this);
    this.#scrapes = this.#scrapesOf(this.#group);
  }

  /** The segment's file; undefined when there is none. */
  get path(): string | undefined {
    return this.#file?.native.path;
  }

  /** Whether the last scrape saw what dead owners have left and nobody has folded. */
  get hasDead(): boolean {
    return this.#group.hasDead();
  }

  /** Folds the dead into the archive, off the event loop. A failure loses nothing; it is counted, and tried again. */
  async fold(): Promise<void> {
    try {
      await this.#group.fold({ ...archiveLimits, nowMs: Date.now() });
    } catch {
      this.#file?.native.countFoldFailure();
    }
  }

  /**
   * Says that this owner lives, to those who cannot see its pid, and puts right what others have done to its files.
   * To be called from the event loop every few seconds.
   */
  beat(): void {
    if (this.#file === null && this.#options.directory !== undefined) this.#reopenFile();
    const file = this.#file;
    if (!file) return;
    file.native.beat();
    if (file.isWasteful || !file.native.isThere()) this.#move(file);
    if (!file.native.bellIsThere()) this.#try(() => this.#bell?.open());
  }

  /** Gives up the segment: this owner is dead for the group, its counts stay. Nothing may be counted after it. */
  close(): void {
    this.#file?.native.close();
  }

  addFamily(definition: FamilyDefinition, live: Iterable<SeriesHolder>): number {
    const [family, announcement] = this.#announced.addFamily(definition, live);
    this.#announce(announcement);
    return family;
  }

  removeFamily(family: number): void {
    this.#takeBack(this.#announced.removeFamily(family));
  }

  register(scope: string, family: number): void {
    if (!this.#announced.hasScope(scope)) this.#announce(this.#announced.setScope(scope, {}));
    this.#announce(this.#announced.addMember(scope, family));
  }

  unregister(scope: string, family: number): void {
    this.#takeBack(this.#announced.removeMember(scope, family));
  }

  setDefaultLabels(scope: string, labels: Readonly<Record<string, unknown>>): void {
    this.#announce(this.#announced.setScope(scope, { ...labels }));
  }

  allocate(
    family: number,
    texts: LabelTexts,
    given: LabelSet | undefined,
    count: number,
    holder: CellHolder,
  ): void {
    // Here and not when something is released: that may be one of several that belong together and are out of sight.
    const file = this.#file;
    if (file?.isWasteful) this.#move(file);
    try {
      if (file?.allocate(family, texts, given, count, holder)) return;
    } catch (error) {
      this.#warn(error as NativeError);
    }
    this.#allocatePrivately(family, texts, given, count, holder);
  }

  allocatePage(header: CellHolder, key: PageKey, page: CellHolder): void {
    this.#allocateBeside(header, page, 32, (segment) => segment.allocatePage(header, key, page));
  }

  allocateExemplar(header: CellHolder, bucket: number, exemplar: CellHolder): void {
    const place = (segment: OwnSegment): void => segment.allocateExemplar(header, bucket, exemplar);
    this.#allocateBeside(header, exemplar, exemplarCells, place);
  }

  release(holder: CellHolder, count: number): void {
    if (holder.record < 0) return;
    const segment = this.#inPrivate.has(holder) ? this.#private : this.#file;
    if (holder.record !== lostRecord) segment?.release(holder, count);
    holder.record = -1;
  }

  text(view: View, format: 'prometheus' | 'openmetrics'): Promise<string> {
    return this.#scrapes.run(view, format, 'text');
  }

  bytes(view: View, format: 'prometheus' | 'openmetrics'): Promise<Buffer> {
    return this.#scrapes.run(view, format, 'bytes');
  }

  async families(view: View): Promise<MetricFamily[]> {
    return familiesFromJson(await this.#scrapes.run(view, 'json', 'text'));
  }

  answerBell(listener: BellListener): void {
    if (this.#file === undefined) this.#file = this.#openFile();
    if (this.#bell !== undefined || this.#file === null) return;
    const bell = new Bell(this.#file.native, listener);
    this.#bell = bell;
    this.#try(() => bell.open());
  }

  hasCollectors(): void {
    if (this.#file) this.#file.native.hasCollectors();
  }

  removeFromOthers(request: RemovalRequest): Promise<number> {
    return this.#group.removeSeries({
      scope: request.scope,
      family: request.family,
      labels: request.labels && Object.entries(request.labels).flat(),
      message: removalMessage(request),
      deadlineMs: this.#options.collectDeadlineMs,
      ownSegment: basename(this.path ?? ''),
    });
  }

  leads(): boolean {
    return this.#file ? this.#file.native.lead() : true;
  }

  #scrapesOf(group: NativeGroup): Scrapes {
    const { collectDeadlineMs, selfMetrics } = this.#options;
    const circumstances = (): Circumstances => ({
      nowMs: Date.now(),
      privateSegments: this.#private === undefined ? [] : [this.#private.native],
      collectDeadlineMs,
      ownSegment: basename(this.path ?? ''),
      selfMetrics,
    });
    return new Scrapes(group, circumstances, () => this.#maintenance.scraped());
  }

  #takeBack(announcement: Announcement): void {
    for (const segment of [this.#file, this.#private]) if (segment) announcement(segment);
  }

  /** Tells every segment. What the file has no room for, the private one knows. */
  #announce(tell: Announcement): void {
    if (this.#file === undefined) this.#file = this.#openFile();
    const isTold = this.#file !== null && this.#try(() => tell(this.#file as OwnSegment));
    if (this.#private !== undefined) this.#try(() => tell(this.#private as OwnSegment));
    else if (!isTold) this.#try(() => this.#openPrivate());
  }

  #openFile(): OwnSegment | null {
    try {
      this.#group.join(this.#options.persist);
      const segment = new OwnSegment(this.#addon, this.#options.directory, this.#options.maxSegmentBytes);
      segment.native.limitGroup(this.#options.maxGroupBytes);
      return segment;
    } catch (error) {
      this.#warn(error as NativeError);
      return null;
    }
  }

  /** Opens the file that could not be had. What counts in private memory stays there; new series are shared. */
  #reopenFile(): void {
    this.#file = this.#openFile();
    if (this.#file !== null) this.#repeatTo(this.#file);
  }

  #openPrivate(): OwnSegment {
    this.#private = new OwnSegment(this.#addon, undefined, maxPrivateBytes);
    this.#repeatTo(this.#private);
    return this.#private;
  }

  /** Repeats all that was announced, the newest included. */
  #repeatTo(segment: OwnSegment): void {
    for (const announcement of this.#announced.all()) this.#try(() => announcement(segment));
  }

  /**
   * Moves the segment to a new file: without its waste, or because the old one is not there any more. What fails is tried
   * again, at the next beat or when there is twice the waste.
   */
  #move(file: OwnSegment): void {
    const isLost = !file.native.isThere();
    try {
      if (isLost) this.#options.makeDirectory();
      // Taken for dead, and folded: what was counted until then is in the archive.
      const keepsCounts = !(isLost && file.native.isFolded());
      file.move(keepsCounts, this.#holdersInFile());
    } catch (error) {
      // A file that is only too long is as good as ever.
      if (isLost) this.#warn(error as NativeError);
    }
  }

  #holdersInFile(): CellHolder[] {
    const isHere = (holder: CellHolder): boolean =>
      holder.record >= 0 && holder.record !== lostRecord && !this.#inPrivate.has(holder);
    return [...this.#announced.holders()].filter(isHere);
  }

  #try(action: () => void): boolean {
    try {
      action();
      return true;
    } catch (error) {
      this.#warn(error as NativeError);
      return false;
    }
  }

  /** A page or an exemplar is of use only beside the series it belongs to. */
  #allocateBeside(
    header: CellHolder,
    holder: CellHolder,
    count: number,
    place: (segment: OwnSegment) => void,
  ): void {
    if (header.record < 0) {
      loseCells(holder, count); // of a series over the limit
      return;
    }
    const segment = this.#inPrivate.has(header) ? this.#private : this.#file;
    try {
      if (!segment || header.record === lostRecord) throw new Error('the series has no segment');
      place(segment);
      if (segment === this.#private) this.#inPrivate.add(holder);
    } catch (error) {
      this.#warn(error as NativeError);
      loseCells(holder, count);
    }
  }

  #allocatePrivately(
    family: number,
    texts: LabelTexts,
    given: LabelSet | undefined,
    count: number,
    holder: CellHolder,
  ): void {
    try {
      const segment = this.#private ?? this.#openPrivate();
      if (segment.allocate(family, texts, given, count, holder)) {
        this.#inPrivate.add(holder);
        return;
      }
    } catch (error) {
      this.#warn(error as NativeError);
    }
    loseCells(holder, count);
  }

  #refuseSeries(): void {
    (this.#file ?? this.#private)?.native.countDrops(0, 1);
    this.#tell('series', () => tooManySeries(this.#options.maxSeries));
  }

  #warn(error: NativeError): void {
    this.#tell('room', () => noRoom(this.#options.directory, error));
  }

  #tell(subject: 'room' | 'series', warning: () => Warning): void {
    if (this.#told.has(subject)) return;
    this.#told.add(subject);
    const { message, code } = warning();
    this.#options.warn(message, code);
  }
}

/**
 * What the archive keeps of those who are dead: series of all kinds, beyond which new ones are dropped and counted, and
 * among them series of gauges in the mode `all`, of which the oldest go.
 */
const archiveLimits = { maxSeries: 200_000, maxOwnerGauges: 10_000 };

/** What a reader accepts of one segment. A private one has no other bound: what is full is the file. */
const maxPrivateBytes: number = 2 ** 30;
