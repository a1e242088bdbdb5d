import { createRequire } from 'node:module';
import { join } from 'node:path';

/** What the addon needs of a family to write its record. */
export interface NativeFamily {
  readonly type: string;
  readonly mergeMode: string;
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Upper bounds of a histogram, quantiles of a summary. */
  readonly bounds: readonly number[];
  readonly ageBuckets: number;
  readonly slotMs: number;
}

/**
 * The one writer of a segment. Calls that give out cells write `[record, extent, index]` into the array that the
 * constructor got; all throw a `NativeError` when there is no room.
 */
export interface NativeSegment {
  readonly path: string;
  /** False where the file system's locks do not exclude, so that nothing may be concluded from a free one. */
  readonly lockExcludes: boolean;
  addScope(id: number, name: string, defaultLabels: readonly unknown[]): number;
  addFamily(id: number, family: NativeFamily): number;
  addMember(scope: number, family: number): number;
  /**
   * `texts` has one for each label name, or undefined, and `told` is the shape of the labels (src/model/label-shape.ts). Or it has
   * one for each of any labels, whose number and kind (docs/format.md, "Records") are in `told`, in turn.
   */
  addSeries(
    family: number,
    cells: number,
    told: number | readonly number[],
    ...texts: readonly (string | undefined)[]
  ): void;
  addExemplar(extent: number, index: number, bucket: number): void;
  addPage(
    extent: number,
    index: number,
    slot: number,
    sign: number,
    schema: number,
    generation: number,
    page: number,
  ): void;
  /** Like `release()`, returns the bytes that a move would save, or 0 when they are less than half of the records. */
  remove(record: number): number;
  release(record: number, extent: number, index: number, cells: number): number;
  /**
   * Moves the segment to a new file of the same name. Of each three numbers in `places` the first is a record; they become
   * `[record, extent, index]` as they are from then on, with a record of -1 if it is not live. Extents must be asked for
   * again. When it throws, nothing has changed.
   */
  move(keepsCounts: boolean, places: Int32Array): void;
  /** Whether the name still means this segment's file. */
  isThere(): boolean;
  /** Whether others took this owner for dead: its counts are in the archive. Reads the archive. */
  isFolded(): boolean;
  /** The memory of a V extent: the mapped file itself. */
  extent(index: number): ArrayBuffer;
  beat(): void;
  /** From here on it does not grow beyond the point where all files of the group take so many bytes. */
  limitGroup(bytes: number): void;
  /** Makes the FIFO by which others reach this owner, anew if need be; its descriptor is the caller's to close. */
  openBell(): number;
  /** False when there was a bell and it has been deleted. */
  bellIsThere(): boolean;
  /** From here on scrapes ring the bell. */
  hasCollectors(): void;
  /** Notes that a run begins; returns its number. */
  startCollect(): number;
  finishCollect(run: number, failures: number): void;
  /** Adds to what the self-metrics tell of this owner: series that got no place, and updates that were lost with them. */
  countDrops(series: number, updates: number): void;
  /** Another process's dead could not be folded by this owner. */
  countFoldFailure(): void;
  /** Whether this owner is the one of its group that does what must be done once; asks to be it if nobody is. */
  lead(): boolean;
  close(): void;
}

/** What a scrape asks for. */
export interface NativeScrape<As extends keyof Expositions> {
  readonly scopes: readonly string[];
  readonly defaultLabels: boolean;
  readonly perOwner: boolean;
  readonly name: string | undefined;
  readonly format: 'prometheus' | 'openmetrics' | 'json';
  readonly nowMs: number;
  readonly privateSegments: readonly NativeSegment[];
  readonly selfMetrics: 'none' | 'trouble' | 'all';
  /** How long to wait for other owners' collect functions; 0 does not ask for them. */
  readonly collectDeadlineMs: number;
  /** The file name of this thread's segment, or '': its functions have run already. */
  readonly ownSegment: string;
  readonly as: As;
}

/** What an exposition becomes. The text is made from the bytes without a copy where they are large and ASCII. */
export interface Expositions {
  readonly text: string;
  readonly bytes: Buffer;
}

/** Which series are to go from the segments of others. */
export interface NativeRemoval {
  readonly scope: string;
  readonly family: string | undefined;
  /** Names and texts in turn. */
  readonly labels: readonly string[] | undefined;
  /** What living owners are told: a line, shorter than 4096 bytes. */
  readonly message: string;
  readonly deadlineMs: number;
  readonly ownSegment: string;
}

/** What the archive may hold. */
export interface NativeFold {
  readonly maxSeries: number;
  /** Series of gauges in the mode `all`, of owners that are no more. */
  readonly maxOwnerGauges: number;
  readonly nowMs: number;
}

/** A directory of segments. All its work but join() is done on the worker pool. */
export interface NativeGroup {
  /** Becomes an owner of the group's run; the first of a run removes what an earlier one has left, unless it persists. */
  join(persist: boolean): void;
  /** Whether the last scrape saw segments of dead owners. */
  hasDead(): boolean;
  /** Folds the dead into the archive; how many segments. Rejects when the archive cannot be written: nothing is lost then. */
  fold(fold: NativeFold): Promise<number>;
  render<As extends keyof Expositions>(scrape: NativeScrape<As>): Promise<Expositions[As]>;
  /** How many living owners had not removed the series by the deadline. */
  removeSeries(removal: NativeRemoval): Promise<number>;
}

export interface NativeAddon {
  readonly Segment: new (
    directory: string | undefined,
    workerThread: number,
    maxBytes: number,
    place: Int32Array,
  ) => NativeSegment;
  readonly Group: new (directory: string | undefined) => NativeGroup;
  /** When a process started, as a text that no later process of that pid has; '' when no such process is seen. */
  processStart(pid: number): string;
  /** Eight hex digits for this boot and pid namespace. */
  hostId(): string;
  /** A text that all threads of this process share; set once, '' until then. */
  processGroup(set?: string): string;
}

/** A failed system call, as the addon throws it. `errno` is negative, as in Node's own errors. */
export interface NativeError extends Error {
  readonly errno: number;
  readonly syscall: string;
  readonly path: string;
}

export interface MissingAddon {
  /** What was tried, and what came. */
  readonly reason: string;
}

const places: readonly string[] = [join('build', 'Release'), join('build', 'Debug')];

/**
 * Finds and loads the addon. An addon that is missing or was built for something else is an answer, not an error:
 * everything then counts in this process only.
 */
export function loadAddon(): NativeAddon | MissingAddon {
  const load = createRequire(__filename);
  const reasons: string[] = [];
  for (const place of places) {
    const path = join(__dirname, '..', place, 'prom_client_mmap.node');
    try {
      return load(path) as NativeAddon;
    } catch (error) {
      reasons.push((error as Error).message.split('\n', 1)[0] ?? path);
    }
  }
  return { reason: reasons.join('; ') };
}
