import { createRequire } from 'node:module';
import { isCutOff } from './native/elf';
import { addonFiles, type Failure, type MissingAddon, missingAddon, version } from './native/search';

export type { MissingAddon } from './native/search';

/** The contents of a family's record. */
export interface NativeFamily {
  readonly type: string;
  readonly mergeMode: string;
  readonly name: string;
  readonly help: string;
  readonly unit?: string | undefined;
  readonly labelNames: readonly string[];
  /** Upper bounds of a histogram, quantiles of a summary. */
  readonly bounds: readonly number[];
  readonly ageBuckets: number;
  readonly slotMs: number;
}

/**
 * The one writer of a segment. Methods that append a record throw a `NativeError` when there is no room; those that allocate
 * cells write `[record, extent, index]` into the array that the constructor got.
 */
export interface NativeSegment {
  readonly path: string;
  /** `flags`: 1 for a scope that this thread has chosen for the cluster, 2 for the worker threads. Names and values in turn. */
  addScope(id: number, name: string, flags: number, defaultLabels: readonly unknown[]): number;
  addFamily(id: number, family: NativeFamily): number;
  addMember(scope: number, family: number): number;
  /** `labels`: the index of each name and its value in turn, as written. A primitive is passed as it is, an object as an array of its text. */
  addSeries(family: number, cells: number, ...labels: readonly unknown[]): void;
  addExemplar(extent: number, index: number, bucket: number): void;
  addNative(extent: number, index: number, zeroThreshold: number): void;
  addPage(
    extent: number,
    index: number,
    slot: number,
    sign: number,
    schema: number,
    generation: number,
    page: number,
  ): void;
  /** Like `release()`, returns the bytes of garbage in the records, or 0 while these are less than half of all. */
  remove(record: number): number;
  release(record: number, extent: number, index: number, cells: number): number;
  /**
   * Begins to copy the live records and the cells to a new file of the same name, in the same directory or another one. Throws a
   * NativeError when the file cannot be made. A rewrite that is under way is given up.
   */
  beginRewrite(directory: string): void;
  /**
   * Passes over at most so many records, and copies the live ones; after the last one copies the cells, and the new file takes the
   * place of the old one. Records, extents and their memory stay what they are. When it throws, the rewrite is given up,
   * and nothing has changed.
   */
  continueRewrite(records: number): 'unfinished' | 'finished' | 'emptied' | undefined;
  /** Whether the name in the directory still leads to this file. */
  nameIsCurrent(): boolean;
  /** The memory of an extent of cells: the mapped file itself. */
  extent(index: number): ArrayBuffer;
  heartbeat(): void;
  /** From here on this segment does not grow while all files of the group take more than so many bytes. */
  limitGroup(bytes: number): void;
  /** Makes the wake-up FIFO of this owner, or makes it again; the caller closes the descriptor. */
  openWakeup(): number;
  /** Takes the texts of the requests to this owner, the oldest first. */
  takeRequests(): string[];
  /** False when the FIFO was made and has been deleted. */
  wakeupExists(): boolean;
  /** From here on scrapes notify this owner. */
  hasCollectors(): void;
  /** Notes that the `collect` functions begin to run; returns the sequence number. */
  startCollect(): number;
  finishCollect(sequence: number, failures: number): void;
  /** Adds to the self-metrics of this owner: series without room, and updates that were lost with them. */
  countDrops(series: number, updates: number): void;
  countCompactionFailure(): void;
  /** Tells scrapes that some series of this owner found no room here, or that all have. */
  lacksRoom(lacks: boolean): void;
  /**
   * Whether this owner has the role that the file of that name in the directory stands for: `leader` for the leader. It gets the role
   * if no living owner has it.
   */
  lead(role: string): boolean;
  /** Gives the role up. */
  resign(role: string): void;
}

/** One scrape. */
export interface NativeScrape<As extends keyof Expositions> {
  readonly scopes: readonly string[];
  /** Instead of `scopes`: the scopes that any segment marks as chosen, or the global one; or all scopes. */
  readonly chosen: 'cluster' | 'worker' | 'all' | undefined;
  readonly defaultLabels: boolean;
  /** Only the owners of this process. */
  readonly ownProcess: boolean;
  /** Only the owners of the living process of this pid; the scrape rejects with ESRCH when there is none. 0: no such choice. */
  readonly pid: number;
  readonly perOwner: boolean;
  readonly names: readonly string[] | undefined;
  readonly format:
    | 'prometheus'
    | 'openmetrics'
    | 'openmetrics-1.0.0'
    | 'openmetrics-1.0.0-created'
    | 'openmetrics-2.0.0'
    | 'protobuf'
    | 'json'
    | 'numbers';
  /** Of `numbers`: see native/render/render.h. 0 is none. */
  readonly knownLayout: number;
  /** That of names which not every reader accepts. */
  readonly escaping: 'allow-utf-8' | 'underscores' | 'dots' | 'values';
  readonly nowMs: number;
  /** Shown as long as no other owner has answered, or may answer, for the group. */
  readonly privateSegments: readonly NativeSegment[];
  /** Whether others like this process answer for the group. */
  readonly isOneOfMany: boolean;
  readonly selfMetrics: 'none' | 'trouble' | 'all';
  /** How long to wait for the `collect` functions of other owners; 0 does not ask for them. */
  readonly collectDeadlineMs: number;
  /** The file name of this thread's segment, or '': this owner is not notified. */
  readonly ownSegment: string;
  /** Whether the file of that name is this thread's, and no other one that was put there. */
  readonly ownIsCurrent: boolean;
  /** That segment; its memory is read when its file cannot be. */
  readonly own: NativeSegment | undefined;
  /** Directories of the group that belong to other users, and that this process may read. */
  readonly otherDirectories: readonly string[];
  /** Whether the scrape joins the session of the group, as a reader that keeps it alive. */
  readonly joins: boolean;
  readonly as: As;
}

/** The results of a scrape. A large text of ASCII characters is not copied into JavaScript's heap. */
export interface Expositions {
  readonly text: string;
  readonly bytes: Buffer;
}

/** The series to remove from the segments of other owners. */
export interface NativeRemoval {
  readonly scope: string;
  readonly family: string | undefined;
  /** Names and texts in turn. */
  readonly labels: readonly string[] | undefined;
  /** The text of the request to living owners. */
  readonly message: string;
  readonly deadlineMs: number;
  readonly ownSegment: string;
  readonly otherDirectories: readonly string[];
  /** See `NativeCompaction`. */
  readonly keepThreads: boolean;
}

/** The bounds of the archive. */
export interface NativeCompaction {
  readonly maxSeries: number;
  /** Series of gauges in the mode `all`, whose owners have exited. */
  readonly maxOwnerGauges: number;
  /** Leaves the segments of worker threads that have ended alone while their process lives. */
  readonly keepThreads: boolean;
  readonly nowMs: number;
}

/** A file in the directory of a group. Numbers of records are there only if it was read whole. */
export interface NativeFile {
  readonly name: string;
  readonly kind:
    | 'segment'
    | 'archive'
    | 'bad archive'
    | 'request'
    | 'temporary'
    | 'wake-up FIFO'
    | 'lock'
    | 'foreign';
  readonly bytes: number;
  /** Why scrapes leave the file out, as in the self-metric `skipped_files`; `'none'` when they do not. */
  readonly reason: string;
  /** The place of the record that is wrong, 0 where it is not a record. */
  readonly faultOffset: number;
  readonly families: number;
  readonly series: number;
  /** Records that scrapes leave out. */
  readonly skippedRecords: number;
  /** Of a segment or an archive whose header can be read. */
  readonly owner?: {
    readonly pid: number;
    readonly tid: number;
    /** The threadId of worker_threads, 0 for the main thread. */
    readonly workerThread: number;
    readonly live: boolean;
    /** Its counts are in the archive. */
    readonly compacted: boolean;
    readonly lock: 'held' | 'free' | 'unknown';
    readonly evidence: 'present' | 'silent' | 'gone' | 'unknown';
    /** Since 1970. */
    readonly createdMs: number;
    readonly heartbeatAgeMs: number;
    readonly compactedOwners: number;
    readonly droppedSeries: number;
    readonly droppedUpdates: number;
    readonly collectFailures: number;
    readonly lacksRoom: number;
  };
}

/** A directory of segments. Only compact(), render(), removeSeries() and inspect() work on the worker pool. */
export interface NativeGroup {
  /** Becomes an owner in the group's session. The first owner of a session removes the counts of the last one, unless they persist. */
  join(persist: boolean): void;
  /** Leaves the session, which a scrape has joined as a reader. */
  leave(): void;
  /** Whether the last scrape saw segments of dead owners. */
  hasDead(): boolean;
  /**
   * A negative errno if the last scrape could not open the directory or the file of this thread, and therefore lacks the numbers
   * of other owners; else 0.
   */
  scrapeError(): number;
  /**
   * Moves the counts of dead owners into the archive; resolves to their number. Rejects when it cannot write the archive, or not all
   * counts fit into it: no count is lost, the segments stay.
   */
  compact(compaction: NativeCompaction): Promise<number>;
  render<As extends keyof Expositions>(scrape: NativeScrape<As>): Promise<Expositions[As]>;
  /**
   * Resolves to the number of living owners that had not removed the series by the deadline; they will. Rejects with a NativeError
   * when an owner could not be asked.
   */
  removeSeries(removal: NativeRemoval): Promise<number>;
  /**
   * Resolves to the JSON of an array of `NativeFile`. `whole` reads all records and cells; without it, only headers. Rejects with a
   * NativeError when the directory cannot be read.
   */
  inspect(whole: boolean): Promise<string>;
}

/** A Unix socket of datagrams, which is read all the time, and keeps no process alive. The constructor throws a `NativeError`. */
export interface NativeDatagramSocket {
  /**
   * The next datagrams, each with a line feed after it: at most so many bytes, or one datagram. '' when there are none; from then on
   * `onReadable` is called for the next one.
   */
  take(most: number): string;
  /** Since it was opened. */
  packets(): number;
  /** Datagrams that were longer than 64 KiB, or more than this thread has taken. */
  drops(): number;
  /** Removes the file, too. */
  close(): void;
}

export interface NativeAddon {
  /** Of the package that it was compiled from. */
  readonly version: string;
  readonly Segment: new (
    directory: string | undefined,
    workerThread: number,
    maxBytes: number,
    location: Int32Array,
  ) => NativeSegment;
  readonly Group: new (directory: string | undefined) => NativeGroup;
  readonly DatagramSocket: new (path: string, mode: number, onReadable: () => void) => NativeDatagramSocket;
  /** When a process started, as a text that no later process of that pid has; '' when there is no such process. */
  processStart(pid: number): string;
  /** Eight hex digits for this boot and pid namespace. */
  hostId(): string;
  /** Whether the group in a directory has neither members nor living owners, by their locks and heartbeats. False if that is unknown. */
  groupHasEnded(directory: string): boolean;
  /** The user trusts all who may write in this directory. Without that no directory is opened in which other users may write (EPERM). */
  allowOthersIn(directory: string): void;
  /** How far the stack of this thread has grown: deeper calls have lower positions. */
  stackPosition(): number;
  /** A text that all threads of this process share; set once, '' until then. */
  processGroup(set?: string): string;
}

/** A failed system call. `errno` is negative, as in Node's own errors. */
export interface NativeError extends Error {
  readonly errno: number;
  readonly syscall: string;
  readonly path: string;
}

export interface LoadedAddon {
  readonly addon: NativeAddon;
  readonly path: string;
}

/**
 * Finds and loads the addon. `file` is the path that the user gave. A missing addon, or one built for another system, is a result
 * and no exception.
 */
export function loadAddon(file?: string): LoadedAddon | MissingAddon {
  const failures = new Map<string, Failure>();
  for (const path of addonFiles(file)) {
    if (failures.has(path)) continue;
    try {
      if (isCutOff(path)) throw new Error(`${path} is cut off`);
      const addon = createRequire(path)(path) as Partial<NativeAddon>;
      if (addon.version === version) return { addon: addon as NativeAddon, path };
      const found =
        addon.version === undefined ? 'another addon' : `of version ${addon.version}, not ${version}`;
      failures.set(path, { message: `${path} is ${found}` });
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      failures.set(path, { message: message.split('\n', 1)[0] ?? path, code });
    }
  }
  return missingAddon(file, failures);
}
