import cluster from 'node:cluster';
import { basename } from 'node:path';
import { removalFailed, scrapeFailed } from '../errors';
import type { ExpositionFormat, TextFormat } from '../exposition/document';
import { familiesFromJson } from '../exposition/family-json';
import type { MetricFamily } from '../model/family';
import type { NativeAddon, NativeError, NativeFile } from '../native';
import type { GroupStatus, ViewKind } from '../types/registry';
import { type Maintained, Maintenance } from './maintenance';
import type { ResolvedOptions } from './options';
import { Scrapes } from './scrapes';
import type { View } from './store';
import { type SegmentOptions, ThreadSegment } from './thread-segment';
import { type RemovalRequest, type RequestHandler, Wakeup } from './wakeup';
import { hiddenGroup, noRequests } from './warnings';

export type GroupStoreOptions = SegmentOptions &
  Pick<ResolvedOptions, 'collectDeadlineMs' | 'selfMetrics' | 'view'> & {
    /** The directories that the group has for the users of this primary's workers, as far as this process may read them. */
    readonly otherDirectories: () => readonly string[];
    /**
     * Looks at the group from outside: neither joins it nor compacts it, and shows the families of all scopes in place of those of the
     * global one. Such a store is not written to.
     */
    readonly observes?: boolean;
  };

/** The numbers of a whole group: this thread's own segment, and the merged view of all. */
export class GroupStore extends ThreadSegment implements Maintained {
  readonly shared = true;
  /** Whose numbers an exposition shows when its caller does not say. */
  readonly view: ViewKind;
  readonly #collectDeadlineMs: number;
  readonly #scrapes: Scrapes;
  readonly #otherDirectories: () => readonly string[];
  readonly #observes: boolean;
  #wakeup: Wakeup | undefined;
  #handler: RequestHandler | undefined;

  constructor(addon: NativeAddon, options: GroupStoreOptions) {
    super(addon, options);
    const { collectDeadlineMs, selfMetrics, view, otherDirectories } = options;
    this.#otherDirectories = otherDirectories;
    this.view = view;
    this.#collectDeadlineMs = collectDeadlineMs;
    const { observes = false } = options;
    this.#observes = observes;
    const maintenance = observes ? undefined : new Maintenance(this);
    this.#scrapes = new Scrapes(
      () => {
        this.followUser();
        return this.group;
      },
      () => ({
        nowMs: Date.now(),
        isOneOfMany: cluster.isWorker,
        privateSegments: this.overflow === undefined ? [] : [this.overflow],
        collectDeadlineMs,
        ownSegment: this.#fileName,
        ownIsCurrent: this.file?.nameIsCurrent() ?? true,
        own: this.file,
        otherDirectories: this.#otherDirectories(),
        selfMetrics,
        joins: !observes,
      }),
      () => {
        maintenance?.scraped();
        this.#moveOn();
        this.#warnIfHidden();
      },
    );
  }

  /**
   * The merged exposition, rendered off the event loop. It contains all that was counted before the call. Calls that overlap
   * may share one result, so nothing may write to the bytes.
   */
  text(view: View, format: TextFormat): Promise<string> {
    return this.#scrapes.run(this.#shown(view), format, 'text');
  }

  bytes(view: View, format: ExpositionFormat): Promise<Buffer> {
    return this.#scrapes.run(this.#shown(view), format, 'bytes');
  }

  /**
   * The merged families in prom-client's JSON shape. The merge is off the event loop; the objects are built in slices.
   * `hasStarts`: see `familiesFromJson()`.
   */
  async families(view: View, hasStarts = false): Promise<MetricFamily[]> {
    return familiesFromJson(await this.#scrapes.run(this.#shown(view), 'json', 'bytes'), hasStarts);
  }

  /** The numbers of the merged families as native/render/render.h has them, and their labels unless the layout is the known one. */
  numbers(view: View, knownLayout: number): Promise<Buffer> {
    return this.#scrapes.run(this.#shown(view), 'numbers', 'bytes', knownLayout);
  }

  /** Whether any owner of the group, dead ones included, has a family in the scope. Costs a scrape; false if that fails. */
  async hasFamilies(scope: string): Promise<boolean> {
    try {
      return (await this.families({ scopes: [scope], defaultLabels: false })).length > 0;
    } catch {
      return false;
    }
  }

  /** The directory, unless this thread could not have its segment there, and the owners of those in it. Costs a listing. */
  status(): Pick<GroupStatus, 'directory' | 'owners'> {
    const hasNoFile = this.file === undefined && this.overflow !== undefined;
    const directory = hasNoFile ? undefined : this.directory;
    const owners = this.segmentNames().map((name) => {
      const [, pid, tid] = name.split('.');
      return { pid: Number(pid), tid: Number(tid) };
    });
    return { directory, owners };
  }

  /** The files of the group's directory; `whole` reads and checks all of each. Rejects with an Error of code `ERR_SCRAPE`. */
  async files(whole = false): Promise<NativeFile[]> {
    try {
      return JSON.parse(await this.group.inspect(whole)) as NativeFile[];
    } catch (error) {
      throw scrapeFailed((error as NativeError).message, error);
    }
  }

  /** The pids of the living processes that own a segment, in ascending order. Costs the header of each. */
  async livingPids(): Promise<number[]> {
    const pids = (await this.files()).flatMap(({ owner }) => (owner?.live ? [owner.pid] : []));
    return [...new Set(pids)].sort((a, b) => a - b);
  }

  /** Whether other owners have segments in the directory. Costs a listing of it. */
  get hasOthers(): boolean {
    return this.segmentNames().some((name) => name !== this.#fileName);
  }

  /** Handles the requests of other owners. The first handler stays, later calls do nothing. */
  handleRequests(handler: RequestHandler): void {
    const file = this.openFile();
    if (this.#wakeup !== undefined || file === undefined) return;
    const wakeup = new Wakeup(file, handler);
    this.#wakeup = wakeup;
    this.#handler = handler;
    this.#openWakeup();
  }

  /** From here on scrapes of other owners ask this thread to run its `collect` functions. */
  hasCollectors(): void {
    this.file?.hasCollectors();
  }

  /**
   * Has series removed from all segments but this thread's. Resolves to the number of living owners that have it still to do. Rejects
   * with an Error of code `ERR_REMOVAL` when an owner could not be asked.
   */
  async removeFromOthers(request: RemovalRequest): Promise<number> {
    try {
      return await this.group.removeSeries({
        scope: request.scope,
        family: request.family,
        labels: request.labels && Object.entries(request.labels).flat(),
        message: JSON.stringify(request),
        deadlineMs: this.#collectDeadlineMs,
        ownSegment: this.#fileName,
        otherDirectories: this.#otherDirectories(),
        keepThreads: this.#keepsThreads,
      });
    } catch (error) {
      throw removalFailed((error as NativeError).message, error);
    }
  }

  /**
   * Whether this thread has a role in its group, by default that of the leader: the first caller has it, until it exits or gives it up.
   * `role` is the name of a file. Costs two system calls for the others.
   */
  leads(role = 'leader'): boolean {
    return this.openFile()?.lead(role) ?? true;
  }

  /** Gives a role up. */
  resign(role: string): void {
    this.file?.resign(role);
  }

  get hasDead(): boolean {
    return this.group.hasDead();
  }

  protected override followUser(): boolean {
    const hasMoved = super.followUser();
    if (hasMoved) this.#openWakeup();
    return hasMoved;
  }

  maintain(): void {
    this.maintainFile();
    this.#moveOn();
    if (this.file?.wakeupExists() === false) this.#openWakeup();
    if (this.#handler?.collects()) this.hasCollectors();
  }

  /** Without the FIFO other owners read this thread as it is. */
  #openWakeup(): void {
    try {
      this.#wakeup?.open();
    } catch (error) {
      this.warnOnce('requests', () => noRequests(this.directory, error as NativeError));
    }
  }

  #moveOn(): void {
    this.moveFromOverflow(() => this.#scrapes.areUnderWay);
  }

  async compact(): Promise<void> {
    try {
      await this.group.compact({ ...archiveLimits, keepThreads: this.#keepsThreads, nowMs: Date.now() });
    } catch {
      this.file?.countCompactionFailure();
    }
  }

  /** The counters of a process that is shown apart must not fall when one of its threads ends. */
  get #keepsThreads(): boolean {
    return this.view === 'process';
  }

  #warnIfHidden(): void {
    const errno = this.group.scrapeError();
    if (errno !== 0) this.warnOnce('group', () => hiddenGroup(this.directory, errno));
  }

  #shown(view: View): View {
    return this.#observes && view.scopes.includes('') ? { ...view, chosen: 'all' } : view;
  }

  get #fileName(): string {
    return basename(this.file?.path ?? '');
  }
}

/** Beyond these, new series of dead owners are dropped and counted; of gauges in the mode `all`, the oldest go. */
const archiveLimits = { maxSeries: 200_000, maxOwnerGauges: 10_000 };
