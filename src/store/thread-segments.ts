import type { NativeAddon, NativeError, NativeSegment } from '../native';
import { type Announcement, Announcements } from './announcements';
import { OwnSegment } from './own-segment';
import type { CellRef } from './store';

export interface SegmentOptions {
  /** The group's directory; undefined when it could not be had, and everything counts in this process only. */
  readonly directory: string | undefined;
  /** Makes it, if it was deleted; throws when that is not possible or not allowed. */
  readonly makeDirectory: () => void;
  /** Bounds the segment's file; beyond it new series count in this process only. */
  readonly maxSegmentBytes: number;
  /** Bounds all files of the group together; beyond it no segment grows. */
  readonly maxGroupBytes: number;
}

/**
 * The segments that this thread writes: its file in the group's directory, and one in memory that only this process has, for
 * what finds no room in the file. Both know all that was announced, as far as there was room for it.
 */
export class ThreadSegments {
  readonly #addon: NativeAddon;
  readonly #options: SegmentOptions;
  readonly #join: () => void;
  readonly #warn: (error: NativeError) => void;
  readonly #announced = new Announcements();
  /** Opened for the first announcement: who only answers scrapes owns no segment. `null` when it could not be had. */
  #file: OwnSegment | null | undefined;
  #private: OwnSegment | undefined;

  /** `join` makes this thread an owner of the group, before there is a file; `warn` is told what could not be had. */
  constructor(
    addon: NativeAddon,
    options: SegmentOptions,
    join: () => void,
    warn: (error: NativeError) => void,
  ) {
    this.#addon = addon;
    this.#options = options;
    this.#join = join;
    this.#warn = warn;
    if (options.directory === undefined) this.#file = null;
  }

  get file(): OwnSegment | undefined {
    return this.#file ?? undefined;
  }

  get private(): OwnSegment | undefined {
    return this.#private;
  }

  /** Announcements to come are told at once; those that were made are told to whoever is opened later. */
  get announced(): Announcements {
    return this.#announced;
  }

  /** The file, made if nobody has tried to. */
  openFile(): OwnSegment | undefined {
    if (this.#file === undefined) this.#file = this.#newFile();
    return this.file;
  }

  /** The file that could not be had. What counts in private memory stays there; new series are shared. */
  openFileAgain(): void {
    if (this.#file !== null || this.#options.directory === undefined) return;
    this.#file = this.#newFile();
    if (this.#file !== null) this.#repeatTo(this.#file);
  }

  /** Throws a NativeError when there is no memory. */
  openPrivate(): OwnSegment {
    if (this.#private === undefined) {
      this.#private = new OwnSegment(this.#addon, undefined, maxPrivateBytes);
      this.#repeatTo(this.#private);
    }
    return this.#private;
  }

  /** Tells every segment. What the file has no room for, the private one knows. */
  announce(tell: Announcement): void {
    const file = this.openFile();
    const isTold = file !== undefined && this.try(() => tell(file));
    const kept = this.#private;
    if (kept !== undefined) this.try(() => tell(kept));
    else if (!isTold) this.try(() => this.openPrivate());
  }

  takeBack(announcement: Announcement): void {
    for (const segment of [this.#file, this.#private]) if (segment) announcement(segment);
  }

  /**
   * Moves the file to a new one: without its waste, or because the old one is not there any more. What fails is tried
   * again, at the next beat or when there is twice the waste. `holders` are all that have cells in it.
   */
  moveFile(holders: () => readonly CellRef[]): void {
    const file = this.file;
    if (file === undefined) return;
    const isLost = !file.native.isThere();
    try {
      if (isLost) this.#options.makeDirectory();
      // Taken for dead, and folded: what was counted until then is in the archive.
      const keepsCounts = !(isLost && file.native.isFolded());
      file.move(keepsCounts, holders());
    } catch (error) {
      // A file that is only too long is as good as ever.
      if (isLost) this.#warn(error as NativeError);
    }
  }

  /** Where what no series got room for is counted. */
  get ledger(): NativeSegment | undefined {
    return (this.file ?? this.#private)?.native;
  }

  /** False, after a warning, if `action` throws. */
  try(action: () => void): boolean {
    try {
      action();
      return true;
    } catch (error) {
      this.#warn(error as NativeError);
      return false;
    }
  }

  #newFile(): OwnSegment | null {
    try {
      this.#join();
      const segment = new OwnSegment(this.#addon, this.#options.directory, this.#options.maxSegmentBytes);
      segment.native.limitGroup(this.#options.maxGroupBytes);
      return segment;
    } catch (error) {
      this.#warn(error as NativeError);
      return null;
    }
  }

  /** Repeats all that was announced, the newest included. */
  #repeatTo(segment: OwnSegment): void {
    for (const announcement of this.#announced.all()) this.try(() => announcement(segment));
  }
}

/** What a reader accepts of one segment. A private one has no other bound: what is full is the file. */
const maxPrivateBytes: number = 2 ** 30;
