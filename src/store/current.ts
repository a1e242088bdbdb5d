import process from 'node:process';
import { isMainThread } from 'node:worker_threads';
import { configuredTooLate } from '../errors';
import { loadAddon, type NativeAddon } from '../native';
import { baseDirectory, type GroupChoice, type GroupPlace, makeDirectory, openGroup } from './group';
import { HeapStore } from './heap-store';
import { SharedStore } from './shared-store';
import type { Store } from './store';
import { removeOwnGroup, sweepGroups } from './sweep';

/** What can be chosen about a process's part in its group. All of it is optional. */
export interface GroupOptions extends GroupChoice {
  /** `false` counts in this process only, in plain memory, as prom-client does. Default `true`. */
  readonly shared?: boolean;
  /** Bytes that this thread's segment may take; what does not fit counts in this process only. Default 256 MiB. */
  readonly maxSegmentBytes?: number;
  /** Bytes that all segments of the group may take together; beyond it none grows, as above; a new one gets its first 64 KiB. Default 2 GiB. */
  readonly maxGroupBytes?: number;
  /**
   * Series (label sets) that this thread may have at one time; updates of more are dropped, counted in
   * `prom_client_mmap_dropped_updates_total` and warned about once. Default 250,000.
   */
  readonly maxSeries?: number;
  /**
   * `true` carries the numbers of earlier runs on: what ended processes have counted stays in the group's directory when
   * all have ended. By default the first process that counts where nobody lives begins at zero. It takes a directory that stays.
   */
  readonly persist?: boolean;
  /**
   * How long a scrape waits for the `collect` functions of other processes, in milliseconds; who has not run them by then
   * is read as it is. 0 leaves others alone. Default 100.
   */
  readonly collectDeadlineMs?: number;
  /**
   * Which families about the group itself, `prom_client_mmap_*`, are in an exposition: those that tell of trouble, and only
   * while there is some (`'trouble'`, the default), all (`'all'`) or none (`'none'`). See docs/reliability.md.
   */
  readonly selfMetrics?: 'none' | 'trouble' | 'all';
}

interface State {
  options: GroupOptions;
  store?: Store;
}

// On a global symbol: however often and however the library is loaded, a thread has one segment.
const stateKey: unique symbol = Symbol.for('prom-client-mmap/store/1');
const globals = globalThis as { [stateKey]?: State };
globals[stateKey] ??= { options: {} };
const state: State = globals[stateKey];

/**
 * Says which group this thread counts into. Optional; call it before the first metric or scrape.
 *
 * @throws an Error with code `ERR_CONFIGURED_TOO_LATE` once there is a metric or was a scrape.
 */
export function configure(options: GroupOptions): void {
  if (state.store !== undefined) throw configuredTooLate();
  state.options = { ...options };
}

/** This thread's store, opened at first use. Never throws: what cannot be shared is warned about and kept in memory. */
export function currentStore(): Store {
  state.store ??= openStore(state.options);
  return state.store;
}

function openStore(options: GroupOptions): Store {
  if (options.shared === false) return new HeapStore();
  const addon = loadAddon();
  if ('reason' in addon) {
    warn(
      `Expected the native addon of prom-client-mmap for ${process.platform}-${process.arch}, but got: ${addon.reason}. ` +
        'Metrics are counted in this process only. Install a C++20 compiler and run `npm rebuild prom-client-mmap`, ' +
        'or say `configure({ shared: false })` if that is what you want.',
      'ERR_ADDON',
    );
    return new HeapStore();
  }
  const place = openPlace(addon, options);
  const store = new SharedStore(addon, {
    directory: place?.directory,
    makeDirectory: () => place && makeDirectory(place),
    maxSegmentBytes: options.maxSegmentBytes ?? 256 * 1024 * 1024,
    maxGroupBytes: options.maxGroupBytes ?? 2 * 1024 * 1024 * 1024,
    maxSeries: options.maxSeries ?? 250_000,
    // The run of a group that is named after a process is the life of that process, whoever else lives.
    persist: place?.rootPid !== undefined || options.persist === true,
    collectDeadlineMs: options.collectDeadlineMs ?? 100,
    selfMetrics: options.selfMetrics ?? 'trouble',
    warn,
  });
  if (place?.isOurs && isMainThread) tidyUp(addon, place);
  return store;
}

function openPlace(addon: NativeAddon, choice: GroupChoice): GroupPlace | undefined {
  try {
    return openGroup(addon, choice);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const text =
      code === 'ERR_GROUP_DIRECTORY'
        ? message
        : `Expected a directory for the metrics of this group, but got ${message}. ` +
          'Make it accessible, or name another in PROMETHEUS_MULTIPROC_DIR';
    warn(`${text}. Until then metrics are counted in this process only.`, code ?? 'ERR_GROUP_DIRECTORY');
    return undefined;
  }
}

/**
 * Whoever starts removes what earlier applications left behind: a cluster's primary may never open a store. The process
 * that a group is named after removes it at its end if nobody needs it any more.
 */
function tidyUp(addon: NativeAddon, { directory, rootPid }: GroupPlace): void {
  sweepGroups(addon, baseDirectory()).catch(() => undefined); // somebody else sweeps too; the next start tries again
  if (rootPid !== process.pid) return;
  process.once('exit', () => {
    try {
      removeOwnGroup(addon, directory, process.pid);
    } catch {
      // The next start of any application sweeps it.
    }
  });
}

function warn(message: string, code: string): void {
  process.emitWarning(message, { type: 'PromClientMmapWarning', code });
}
