import cluster from 'node:cluster';
import { resolve } from 'node:path';
import { isMainThread, threadId } from 'node:worker_threads';
import { configuredTooLate } from '../errors';
import type { TextFormat } from '../exposition/document';
import type { NameValidation } from '../model/names';
import { type LoadedAddon, loadAddon, type NativeAddon } from '../native';
import { realProcess } from '../process';
import { requireStack } from '../stack';
import type { GroupStatus } from '../types/registry';
import {
  baseDirectory,
  type GroupLocation,
  openGroup,
  shareWithChildren,
  workersDirectories,
} from './group-directory';
import { GroupStore } from './group-store';
import { HeapStore } from './heap-store';
import {
  checkOptions,
  type GroupOptions,
  isDecided,
  type ResolvedOptions,
  resolveDirectoryVariables,
  resolveOption,
  resolveOptions,
} from './options';
import { type ScrapeContext, Scrapes } from './scrapes';
import type { ChoiceKind } from './store';
import { removeOwnGroup, sweepGroups } from './sweep';
import { commonState, isStartedByTest, isTestRunner } from './test-runner';
import { missingAddon, noDirectory, type Warning, warn } from './warnings';

export type Store = HeapStore | GroupStore;

interface State {
  options: GroupOptions;
  /** From `options` and the environment, which takes 1 us to read. */
  nameValidation?: NameValidation | undefined;
  store?: Store;
  /** The addon that this thread has loaded. */
  addon?: LoadedAddon;
  /** Why this thread does not share its metrics. */
  obstacle?: Warning;
}

const state = commonState<State>(Symbol.for('prom-client-mmap/store/1'), () => ({ options: {} }));

/**
 * Chooses how this thread takes part in its group; see `GroupOptions`. Call it before the first metric or scrape.
 *
 * @throws a TypeError with code `ERR_OPTION_UNKNOWN` or `ERR_OPTION_VALUE`, and an Error with code `ERR_CONFIGURED_TOO_LATE`
 * once there is a metric or was a scrape.
 */
export function configure(options: GroupOptions): void {
  checkOptions(options);
  if (state().store !== undefined) throw configuredTooLate();
  state().options = { ...options, dir: options.dir && resolve(options.dir) };
  state().nameValidation = undefined;
  shareIfWanted(state().options);
}

/**
 * Makes this thread look at another application's group from outside: its registries show that group. It owns no segment and changes
 * nothing in the directory. To be called in place of `configure()`, in a program that has no metrics.
 *
 * @throws an Error with code `ERR_ADDON` without the addon.
 */
export function observeGroup(
  directory: string,
  options: Pick<GroupOptions, 'allowSharedDirectory' | 'collectDeadlineMs' | 'selfMetrics'> = {},
): GroupStore {
  const resolved = resolveOptions({ collectDeadlineMs: 0, ...options, shared: true });
  const addon = requireAddon();
  if (resolved.allowSharedDirectory) addon.allowOthersIn(directory);
  const store = new GroupStore(addon, {
    ...resolved,
    directory,
    openDirectory: () => directory,
    otherDirectories: () => [],
    observes: true,
  });
  state().store = store;
  return store;
}

/** The addon. @throws an Error with code `ERR_ADDON` that says why there is none. */
export function requireAddon(): NativeAddon {
  const found = loadAddon(resolveOption('addon', state().options));
  if (!('addon' in found)) throw Object.assign(new Error(missingAddon(found).message), { code: 'ERR_ADDON' });
  state().addon = found;
  return found.addon;
}

/** The file of the addon that this thread has loaded. */
export function addonPath(): string | undefined {
  return state().addon?.path;
}

/** The options that were passed to `configure()`. */
export function chosenOptions(): GroupOptions {
  return state().options;
}

/** Names the group to the processes that this one starts, if the option says so. */
function shareIfWanted(options: GroupOptions): void {
  if (!resolveOption('shareWithChildren', options)) return;
  const resolved = resolveOptions(options);
  const addon = findAddon(resolved);
  const location = addon && locate(addon, resolved);
  if (location !== undefined) shareWithChildren(location);
}

/** This thread's store, opened at first use. Throws for want of stack only: counts that cannot be shared are warned about and kept in memory. */
export function currentStore(): Store {
  const current = state();
  if (current.store === undefined) {
    requireStack();
    const options = resolveOptions(current.options);
    const isShared = options.shared && !isPrivateTest(current);
    current.store = (isShared ? openGroupStore(options) : undefined) ?? new HeapStore();
    if (gathersByMessages()) for (const callback of unsharedCallbacks) callback();
  }
  return current.store;
}

const unsharedCallbacks: (() => void)[] = [];

/** Calls back when the store of this thread is opened and `gathersByMessages()` holds. */
export function whenUnshared(callback: () => void): void {
  unsharedCallbacks.push(callback);
}

/**
 * Whether registries for clusters and threads send messages, as in prom-client: for want of the addon, and where the user has
 * turned sharing off. Not in a thread that runs tests: what it starts shares by itself.
 */
export function gathersByMessages(): boolean {
  return !currentStore().shared && (lacksAddon() || !isPrivateTest(state()));
}

/** Whether this thread shares nothing because it has no addon. */
export function lacksAddon(): boolean {
  return !currentStore().shared && state().obstacle?.code === 'ERR_ADDON';
}

/** Of metrics that choose none. */
export function currentNameValidation(): NameValidation {
  const current = state();
  current.nameValidation ??= resolveOption('nameValidation', current.options);
  return current.nameValidation;
}

/** Whether an exposition has self-metrics at all. */
export function showsSelfMetrics(): boolean {
  return resolveOption('selfMetrics', state().options) !== 'none';
}

/** See `GroupStatus`. Opens the store. */
export function currentStatus(): GroupStatus {
  const store = currentStore();
  const { addon, obstacle, options } = state();
  const { directory, owners } = store.shared ? store.status() : { directory: undefined, owners: [] };
  const isTest = isPrivateTest(state());
  const usual = isTest ? 'this thread runs tests (docs/testing.md)' : 'the option `shared` is false';
  const shared = directory !== undefined;
  return {
    shared,
    code: shared ? undefined : obstacle?.code,
    reason: shared
      ? undefined
      : (obstacle?.message ??
        (resolveOption('shared', options) && !isTest ? 'the directory cannot be written' : usual)),
    directory,
    owners,
    addon: addon && { path: addon.path, version: addon.addon.version },
  };
}

/**
 * The exposition of the cluster workers or threads that a test has started, as prom-client's `clusterMetrics()` gives it: the
 * metrics of the test runner itself are in a heap store. Undefined where this thread runs no tests, and where the user has
 * decided about `shared`.
 */
export async function textOfStarted(kind: ChoiceKind, format: TextFormat): Promise<string | undefined> {
  if (!isPrivateTest(state())) return undefined;
  if (kind === 'cluster' && Object.keys(cluster.workers ?? {}).length === 0) return undefined;
  const options = resolveOptions(state().options);
  const addon = findAddon(options);
  if (addon === undefined) return undefined;
  // A group for this scrape alone: a session that it had joined would outlive the processes, and count them with the next ones.
  const group = new addon.Group(locate(addon, options)?.directory);
  const { collectDeadlineMs, selfMetrics } = options;
  const context: ScrapeContext = {
    nowMs: Date.now(),
    privateSegments: [],
    isOneOfMany: true,
    collectDeadlineMs,
    ownSegment: '',
    ownIsCurrent: true,
    own: undefined,
    otherDirectories: [],
    selfMetrics,
    joins: true,
  };
  try {
    const scrapes = new Scrapes(
      () => group,
      () => context,
      () => undefined,
    );
    return await scrapes.run({ scopes: [], chosen: kind, defaultLabels: true }, format, 'text');
  } finally {
    group.leave();
  }
}

/** Whether this thread runs tests, and the user has not decided that they share their metrics or never do. */
function isPrivateTest({ options }: State): boolean {
  return isTestRunner() && !isDecided('shared', options);
}

/** Undefined without the addon. */
function openGroupStore(options: ResolvedOptions): GroupStore | undefined {
  const addon = findAddon(options);
  if (addon === undefined) return undefined;
  const location = locate(addon, options);
  const store = new GroupStore(addon, {
    ...options,
    directory: location?.directory,
    openDirectory: () => openGroup(addon, options).directory,
    otherDirectories: () => (location?.isOurs ? workersDirectories(location.directory) : []),
    persist: options.persist || (location?.rootPid !== undefined && !endsWithItsWorkers(location.rootPid)),
  });
  if (location?.isOurs && isMainThread) removeAtExit(addon, store, location);
  return store;
}

function findAddon({ addon: file }: ResolvedOptions): NativeAddon | undefined {
  const found = loadAddon(file);
  if ('addon' in found) {
    state().addon = found;
    return found.addon;
  }
  const isKnown = state().obstacle !== undefined;
  state().obstacle = missingAddon(found);
  if (!isKnown && isFirstWarning(found.cause)) warn(state().obstacle as Warning);
  return undefined;
}

/**
 * Whether this is the first thread of the application that has to warn of the cause: a cluster of 64 workers warns once. A worker or
 * thread is not if the one that started it has warned, or if another one of its kind was started before it.
 */
function isFirstWarning(cause: string): boolean {
  const { env } = realProcess;
  const isFirst = env[warnedVariable] !== cause && instanceNumber() <= 1;
  env[warnedVariable] = cause;
  return isFirst;
}

/** Counted from 1 among the workers or threads with the same parent. */
function instanceNumber(): number {
  const pm2 = realProcess.env['NODE_APP_INSTANCE'];
  if (pm2 !== undefined) return Number(pm2) + 1;
  return Math.max(cluster.worker?.id ?? 1, threadId);
}

const warnedVariable = 'PROM_CLIENT_MMAP_WARNED';

/**
 * The session of a group that is named after a process lasts as long as that process, but a test runner starts one cluster after
 * the other.
 */
function endsWithItsWorkers(rootPid: number): boolean {
  return rootPid !== realProcess.pid && isStartedByTest();
}

function locate(addon: NativeAddon, options: ResolvedOptions): GroupLocation | undefined {
  try {
    return openGroup(addon, options);
  } catch (error) {
    state().obstacle = noDirectory(error as NodeJS.ErrnoException);
    warn(state().obstacle as Warning);
    return undefined;
  }
}

/**
 * Removes now the groups of earlier applications, because a cluster's primary may never open a store. At the end of the process
 * that a group is named after, removes that group, for all users, unless other owners live.
 */
function removeAtExit(addon: NativeAddon, store: GroupStore, { directory, rootPid }: GroupLocation): void {
  sweepGroups(addon, baseDirectory()).catch(() => undefined); // another process sweeps too; the next start tries again
  if (rootPid !== realProcess.pid) return;
  realProcess.once('exit', () => {
    for (const path of new Set([directory, store.directory ?? directory, ...workersDirectories(directory)])) {
      try {
        removeOwnGroup(addon, path, realProcess.pid);
      } catch {
        // The next start of any application sweeps it.
      }
    }
  });
}

// When the library is loaded: the application has not changed its working directory, nor started a process.
resolveDirectoryVariables();
shareIfWanted({});
