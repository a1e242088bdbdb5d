import { basename } from 'node:path';
import type { FamilyDefinition, MetricFamily } from '../model/family';
import type { SeriesKey } from '../model/labels';
import type { NativeAddon, NativeError, NativeGroup } from '../native';
import { familiesFromJson } from './family-json';
import { type Maintained, Maintenance } from './maintenance';
import { Places } from './places';
import { type Circumstances, Scrapes } from './scrapes';
import { SeriesLimit } from './series-limit';
import { noRoom, tooManySeries, type Warning } from './storage-warnings';
import type { CellRef, ChoiceKind, GroupStore, PageKey, SeriesRef, View } from './store';
import { type SegmentOptions, ThreadSegments } from './thread-segments';
import { type RemovalRequest, type RequestHandler, removalMessage, Wakeup } from './wakeup';

export interface SharedStoreOptions extends SegmentOptions {
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

/** This thread's part of a group: what it counts, and the merged view of all. */
export class SharedStore implements GroupStore, Maintained {
  readonly shared = true;
  readonly seriesLimit: SeriesLimit;
  readonly #options: SharedStoreOptions;
  readonly #group: NativeGroup;
  readonly #segments: ThreadSegments;
  readonly #places: Places;
  readonly #maintenance: Maintenance;
  readonly #scrapes: Scrapes;
  #bell: Wakeup | undefined;
  readonly #told = new Set<'room' | 'series'>();

  constructor(addon: NativeAddon, options: SharedStoreOptions) {
    this.#options = options;
    this.#group = new addon.Group(options.directory);
    const warn = (error: NativeError): void => this.#tell('room', () => noRoom(options.directory, error));
    this.#segments = new ThreadSegments(addon, options, () => this.#group.join(options.persist), warn);
    this.#places = new Places(this.#segments, warn);
    this.seriesLimit = new SeriesLimit(options.maxSeries, () => this.#refuseSeries());
    this.#maintenance = new Maintenance(this);
    this.#scrapes = this.#scrapesOf(this.#group);
  }

  /** The segment's file; undefined when there is none. */
  get path(): string | undefined {
    return this.#segments.file?.native.path;
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
      this.#segments.file?.native.countFoldFailure();
    }
  }

  /**
   * Says that this owner lives, to those who cannot see its pid, and puts right what others have done to its files.
   * To be called from the event loop every few seconds.
   */
  beat(): void {
    this.#segments.openFileAgain();
    const { file } = this.#segments;
    if (file === undefined) return;
    file.native.beat();
    if (file.isWasteful || !file.native.isThere()) this.#places.moveFile();
    if (!file.native.bellIsThere()) this.#segments.try(() => this.#bell?.open());
  }

  /** Gives up the segment: this owner is dead for the group, its counts stay. Nothing may be counted after it. */
  close(): void {
    this.#segments.file?.native.close();
  }

  addFamily(definition: FamilyDefinition, live: Iterable<SeriesRef>): number {
    const [family, announcement] = this.#segments.announced.addFamily(definition, live);
    this.#segments.announce(announcement);
    return family;
  }

  removeFamily(family: number): void {
    this.#segments.takeBack(this.#segments.announced.removeFamily(family));
  }

  register(scope: string, family: number): void {
    const { announced } = this.#segments;
    if (!announced.hasScope(scope)) this.#segments.announce(announced.setScope(scope, {}));
    this.#segments.announce(announced.addMember(scope, family));
  }

  unregister(scope: string, family: number): void {
    this.#segments.takeBack(this.#segments.announced.removeMember(scope, family));
  }

  setDefaultLabels(scope: string, labels: Readonly<Record<string, unknown>>): void {
    this.#segments.announce(this.#segments.announced.setScope(scope, { ...labels }));
  }

  chooseScopes(_kind: ChoiceKind, _scopes: readonly string[]): void {}

  allocate(family: number, key: SeriesKey, count: number): CellRef {
    return this.#places.allocate(family, key, count);
  }

  allocatePage(series: CellRef, key: PageKey): CellRef {
    return this.#places.allocatePage(series, key);
  }

  allocateExemplar(series: CellRef, bucket: number): CellRef {
    return this.#places.allocateExemplar(series, bucket);
  }

  release(cells: CellRef, count: number): void {
    this.#places.release(cells, count);
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

  handleRequests(handler: RequestHandler): void {
    const file = this.#segments.openFile();
    if (this.#bell !== undefined || file === undefined) return;
    const bell = new Wakeup(file.native, handler);
    this.#bell = bell;
    this.#segments.try(() => bell.open());
  }

  hasCollectors(): void {
    this.#segments.file?.native.hasCollectors();
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
    return this.#segments.file?.native.lead() ?? true;
  }

  #scrapesOf(group: NativeGroup): Scrapes {
    const { collectDeadlineMs, selfMetrics } = this.#options;
    const circumstances = (): Circumstances => ({
      nowMs: Date.now(),
      privateSegments: this.#segments.private === undefined ? [] : [this.#segments.private.native],
      collectDeadlineMs,
      ownSegment: basename(this.path ?? ''),
      selfMetrics,
    });
    return new Scrapes(group, circumstances, () => this.#maintenance.scraped());
  }

  #refuseSeries(): void {
    this.#segments.ledger?.countDrops(0, 1);
    this.#tell('series', () => tooManySeries(this.#options.maxSeries));
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
