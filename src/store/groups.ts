import { lstatSync, readdirSync, readFileSync, rmdirSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { NativeAddon, NativeFile } from '../native';
import { realProcess } from '../process';
import { basePrefix } from './group-directory';
import { isRootAlive, isSweepable, parseRoot } from './group-name';
import { resolveOption } from './options';

/** A file of a group; see `NativeFile`. */
export type GroupFile = NativeFile;

/** The state of a group as its files and the system tell it. */
export type GroupState =
  /** An owner lives, and its event loop runs. */
  | 'running'
  /** Owners live, but none has shown a heartbeat for long: their event loops are blocked. */
  | 'hung'
  /** All living processes are stopped by a signal. */
  | 'stopped'
  /** No owner lives, but the process that the group is named after does. */
  | 'idle'
  /** No owner lives: the application has ended or crashed, and has left its numbers. */
  | 'ended';

/** A group, as a look from outside finds it. */
export interface GroupReport {
  readonly directory: string;
  /** That of PM2, else the script of the first process; the name of the directory where no process lives. */
  readonly application: string;
  readonly state: GroupState;
  /** Of living owners, in ascending order. */
  readonly pids: readonly number[];
  /** Owners alive, dead with a segment of their own, and those whose counts are in the archive. */
  readonly owners: { readonly live: number; readonly dead: number; readonly archived: number };
  /** Those of all owners added up; a scrape merges equal ones. */
  readonly series: number;
  readonly bytes: number;
  /** Of the oldest file, in milliseconds since 1970; undefined where there is none. */
  readonly createdMs: number | undefined;
  /** Whether another process than this library's may have made files here, or the files are damaged: `check` says more. */
  readonly unreadableFiles: number;
}

const ofAnyUser = new RegExp(`^${basePrefix}\\d+$`);

/** Owners whose last heartbeat, one each 5 s, is older are blocked. */
const hungMs = 15_000;

/**
 * The directories in which groups of this machine count, as far as this user can know them: those that the library has named, the one of
 * the environment, and those of living processes. Root finds those of all users. Costs a read of the memory map of each process.
 */
export function groupDirectories(): string[] {
  const isRoot = realProcess.geteuid?.() === 0;
  const own = `${basePrefix}${realProcess.geteuid?.() ?? 0}`;
  const bases = new Set(['/dev/shm', tmpdir()]);
  const named = [...bases].flatMap((parent) =>
    entriesOf(parent)
      .filter((name) => (isRoot ? ofAnyUser.test(name) : name === own))
      .flatMap((base) => entriesOf(join(parent, base)).map((name) => join(parent, base, name))),
  );
  const chosen = resolveOption('dir', {});
  const all = [...named, ...(chosen === undefined ? [] : [resolve(chosen)]), ...mappedDirectories()];
  return [...new Set(all)].filter(isGroup);
}

/** Whether a directory holds the files of a group; one that cannot be read may. */
export function isGroup(directory: string): boolean {
  try {
    return countsIn(directory).length > 0;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}

/** The paths of the files with counts in a directory. Throws a system error. */
function countsIn(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.startsWith('s.') || name === 'archive')
    .map((name) => join(directory, name));
}

/** A file of another user, where a directory has no counts that this one may read: scrapes take files of their own user only, those of root any. */
export function foreignCounts(directory: string): string | undefined {
  const user = realProcess.geteuid?.() ?? 0;
  const files = countsIn(directory);
  const isForeign = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.uid !== user;
  return user !== 0 && files.every(isForeign) ? files[0] : undefined;
}

/** The directories of segments that living processes have mapped. */
function mappedDirectories(): string[] {
  const pids = entriesOf('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    const maps = readText(`/proc/${pid}/maps`);
    return [...maps.matchAll(/ (\/.*)\/s\.\d+\.\d+\.[0-9a-f]+$/gm)].map(([, directory = '']) => directory);
  });
}

/** A report by the files of a group, which `inspect(true)` has read. */
export function reportOf(addon: NativeAddon, directory: string, files: readonly NativeFile[]): GroupReport {
  const segments = files.filter(({ kind, owner }) => kind === 'segment' && owner?.compacted === false);
  const archive = files.find(({ kind }) => kind === 'archive');
  const live = segments.filter(({ owner }) => owner?.live);
  const pids = [...new Set(live.map(({ owner }) => owner?.pid ?? 0))].sort((a, b) => a - b);
  const created = files.flatMap(({ owner }) => (owner === undefined ? [] : [owner.createdMs]));
  return {
    directory,
    application: applicationOf(directory, pids),
    state: stateOf(addon, directory, live, pids),
    pids,
    owners: {
      live: live.length,
      dead: segments.length - live.length,
      archived: archive?.owner?.compactedOwners ?? 0,
    },
    series: [...segments, ...(archive ? [archive] : [])].reduce((sum, { series }) => sum + series, 0),
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    createdMs: created.length === 0 ? undefined : Math.min(...created),
    unreadableFiles: files.filter(({ reason }) => reason !== 'none').length,
  };
}

function stateOf(
  addon: NativeAddon,
  directory: string,
  live: readonly NativeFile[],
  pids: readonly number[],
): GroupState {
  if (live.length === 0) {
    const root = parseRoot(basename(directory));
    return root !== undefined && isRootAlive(addon, root) ? 'idle' : 'ended';
  }
  if (pids.every(isStopped)) return 'stopped';
  const isHung = live.every(({ owner }) => (owner?.heartbeatAgeMs ?? 0) > hungMs);
  return isHung ? 'hung' : 'running';
}

/** Whether a process is stopped by a signal or a debugger. */
function isStopped(pid: number): boolean {
  return /^State:\s+[Tt]/m.test(readText(`/proc/${pid}/status`));
}

function applicationOf(directory: string, pids: readonly number[]): string {
  const name = basename(directory);
  const pm2 = /^pm2-(.*)-[0-9a-f]{8}-[0-9a-f]{8}(-persistent)?$/.exec(name)?.[1];
  if (pm2 !== undefined) return pm2;
  const root = parseRoot(name);
  const candidates = [...(root === undefined ? [] : [root.pid]), ...pids];
  return candidates.map(scriptOf).find((script) => script !== undefined) ?? name;
}

/** The name of the file that a Node process runs; undefined where it cannot be known. */
function scriptOf(pid: number): string | undefined {
  const [program, ...args] = readText(`/proc/${pid}/cmdline`).split('\0').filter(Boolean);
  if (program === undefined) return undefined;
  const script = args.find(
    (arg, i) => !arg.startsWith('-') && !/^(-r|--require|--import|-e|--eval)$/.test(args[i - 1] ?? ''),
  );
  return basename(script ?? program);
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Whether the library has named the directory, and removes it by itself in time: not the directory of a user or a persistent group. */
export function isNamedByLibrary(directory: string): boolean {
  return basename(dirname(directory)).startsWith(basePrefix) && isSweepable(basename(directory));
}

/**
 * Removes the files of a group that has ended; the directory, too, unless it has other files. False, and nothing is removed, if a
 * process counts there. Throws a system error.
 */
export function removeGroup(addon: NativeAddon, directory: string): boolean {
  if (!addon.groupHasEnded(directory)) return false;
  for (const name of readdirSync(directory)) {
    if (/^([swr]\.|\.t\.|\.server-|\.statsd-)|^(archive(\.bad)?|lock|session|leader)$/.test(name))
      unlinkSync(join(directory, name));
  }
  if (readdirSync(directory).length === 0) rmdirSync(directory);
  return true;
}
