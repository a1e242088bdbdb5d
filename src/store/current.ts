import process from 'node:process';
import { isMainThread } from 'node:worker_threads';
import { configuredTooLate } from '../errors';
import { loadAddon, type NativeAddon } from '../native';
import { baseDirectory, type GroupLocation, openGroup, shareWithChildren, workersDirectories } from './group-directory';
import { GroupStore } from './group-store';
import { HeapStore } from './heap-store';
import {
  checkOptions,
  type GroupOptions,
  type ResolvedOptions,
  resolveDirectory,
  resolveOption,
  resolveOptions,
} from './options';
import { removeOwnGroup, sweepGroups } from './sweep';
import { missingAddon, noDirectory, warn } from './warnings';

export type Store = HeapStore | GroupStore;

interface State {
  options: GroupOptions;
  store?: Store;
}

// On a global symbol: all copies of the library in a thread share one segment.
const stateKey: unique symbol = Symbol.for('prom-client-mmap/store/1');
const globals = globalThis as { [stateKey]?: State };
globals[stateKey] ??= { options: {} };
const state: State = globals[stateKey];

/**
 * Chooses how this thread takes part in its group; see `GroupOptions`. Call it before the first metric or scrape.
 *
 * @throws a TypeError with code `ERR_OPTION_UNKNOWN` or `ERR_OPTION_VALUE`, and an Error with code `ERR_CONFIGURED_TOO_LATE`
 * once there is a metric or was a scrape.
 */
export function configure(options: GroupOptions): void {
  checkOptions(options);
  if (state.store !== undefined) throw configuredTooLate();
  state.options = resolveDirectory(options);
  shareIfWanted();
}

/** Names the group to the processes that this one starts, if the option says so. */
function shareIfWanted(): void {
  if (!resolveOption('shareWithChildren', state.options)) return;
  const addon = loadAddon();
  const location = 'reason' in addon ? undefined : locate(addon, resolveOptions(state.options));
  if (location !== undefined) shareWithChildren(location);
}

resolveDirectory({});
shareIfWanted();

/** This thread's store, opened at first use. Never throws: counts that cannot be shared are warned about and kept in memory. */
export function currentStore(): Store {
  state.store ??= openStore(resolveOptions(state.options));
  return state.store;
}

function openStore(options: ResolvedOptions): Store {
  if (!options.shared) return new HeapStore();
  const addon = loadAddon();
  if ('reason' in addon) {
    warn(missingAddon(addon.reason));
    return new HeapStore();
  }
  const location = locate(addon, options);
  const store = new GroupStore(addon, {
    ...options,
    directory: location?.directory,
    openDirectory: () => openGroup(addon, options).directory,
    otherDirectories: () => (location?.isOurs ? workersDirectories(location.directory) : []),
    // The session of a group that is named after a process lasts as long as that process.
    persist: location?.rootPid !== undefined || options.persist,
  });
  if (location?.isOurs && isMainThread) removeAtExit(addon, store, location);
  return store;
}

function locate(addon: NativeAddon, options: ResolvedOptions): GroupLocation | undefined {
  try {
    return openGroup(addon, options);
  } catch (error) {
    warn(noDirectory(error as NodeJS.ErrnoException));
    return undefined;
  }
}

/**
 * Removes now the groups of earlier applications, because a cluster's primary may never open a store. At the end of the process
 * that a group is named after, removes that group, for all users, unless other owners live.
 */
function removeAtExit(addon: NativeAddon, store: GroupStore, { directory, rootPid }: GroupLocation): void {
  sweepGroups(addon, baseDirectory()).catch(() => undefined); // another process sweeps too; the next start tries again
  if (rootPid !== process.pid) return;
  process.once('exit', () => {
    for (const path of new Set([directory, store.directory ?? directory, ...workersDirectories(directory)])) {
      try {
        removeOwnGroup(addon, path, process.pid);
      } catch {
        // The next start of any application sweeps it.
      }
    }
  });
}
