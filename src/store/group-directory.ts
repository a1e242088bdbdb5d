import cluster from 'node:cluster';
import { accessSync, constants, lstatSync, mkdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { forbiddenDirectory, sharedDirectory } from '../errors';
import type { NativeAddon } from '../native';
import { realProcess } from '../process';
import { groupName, groupVariable, parseRoot, primaryPid, userOf } from './group-name';
import type { ResolvedOptions } from './options';
import { otherUser, warn } from './warnings';

export interface GroupLocation {
  readonly directory: string;
  /** Whether this library named the directory, so that it may remove it. */
  readonly isOurs: boolean;
  /** True where other users may write, with the user's permission. */
  readonly allowsOthers?: boolean;
  /** The process whose life is the group's life; absent where the user or PM2 named the group. */
  readonly rootPid?: number;
}

/** The directory of all groups of a user that this library names. In memory where the system has such a file system. */
export function baseDirectory(user: number = realProcess.geteuid?.() ?? 0): string {
  return join(memoryDirectory(), `${basePrefix}${user}`);
}

export const basePrefix = 'prom-client-mmap-';

function memoryDirectory(): string {
  try {
    accessSync('/dev/shm', constants.W_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}

/**
 * Decides which group this process belongs to and makes its directory: `dir`, else the one of its name (which worker
 * threads and later cluster workers find by the same rule). The first thread decides for all.
 *
 * @throws an Error with code `ERR_GROUP_DIRECTORY` or a system error when the directory is not to be had.
 */
export function openGroup(
  addon: NativeAddon,
  { dir, allowSharedDirectory, persist }: Pick<ResolvedOptions, 'dir' | 'allowSharedDirectory' | 'persist'>,
): GroupLocation {
  warnAboutUsers();
  if (dir !== undefined) {
    const location = { directory: dir, isOurs: false, allowsOthers: allowSharedDirectory };
    makeDirectory(location);
    if (allowSharedDirectory) addon.allowOthersIn(dir);
    return location;
  }
  const name = groupName(addon, persist);
  const directory = join(baseDirectory(), name);
  const root = parseRoot(name);
  const location = { directory, isOurs: true, ...(root && { rootPid: root.pid }) };
  makeDirectory(location);
  return location;
}

/**
 * The directories that the group in `directory` has for the users of this primary's workers. Only root has any, because only root may
 * read them. A user without such a worker is not trusted: any user can make files there.
 */
export function workersDirectories(directory: string): string[] {
  const workers = Object.values(cluster.workers ?? {});
  if (realProcess.geteuid?.() !== 0 || workers.length + workersUsers.size === 0) return [];
  // Before the worker has moved its segment: it may be killed right after that.
  for (const worker of workers) {
    const user = userOf(worker?.process.pid ?? 0);
    if (user) workersUsers.add(user);
  }
  const name = basename(directory);
  const isOf = (user: number, path: string): boolean =>
    lstatSync(path, { throwIfNoEntry: false })?.uid === user;
  return [...workersUsers]
    .filter((user) => isOf(user, baseDirectory(user)) && isOf(user, join(baseDirectory(user), name)))
    .map((user) => join(baseDirectory(user), name));
}

/** Of workers that have exited, too: their counts go on counting. */
const workersUsers: Set<number> = new Set();

/** Has the processes that this one starts from here on join the group, by their environment. */
export function shareWithChildren({ directory, isOurs, allowsOthers }: GroupLocation): void {
  if (isOurs) {
    realProcess.env[groupVariable] = basename(directory);
  } else {
    realProcess.env['PROM_CLIENT_MMAP_DIR'] = directory;
    if (allowsOthers) realProcess.env['PROM_CLIENT_MMAP_ALLOW_SHARED_DIRECTORY'] = '1';
  }
}

/** Makes the directory of a group, if it is missing. */
function makeDirectory({ directory, isOurs, allowsOthers }: GroupLocation): void {
  if (isOurs) {
    makePrivate(dirname(directory));
    makePrivate(directory);
  } else {
    makeMissing(directory);
    if (!allowsOthers) refuseShared(directory);
  }
}

/** Once, in a cluster worker that cannot read the files of its primary. */
function warnAboutUsers(): void {
  const user = realProcess.geteuid?.();
  if (hasWarned || primaryPid === undefined || user === undefined || user === 0) return;
  const primaryUser = userOf(primaryPid) ?? user;
  if (user === primaryUser) return;
  hasWarned = true;
  warn(otherUser(primaryPid, primaryUser, user));
}

let hasWarned = false;

/** Makes the directory and its parents. `mkdirSync()` with `recursive` never returns in a place such as /proc, where none can be made. */
function makeMissing(path: string): void {
  const isDirectory = (): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  if (isDirectory()) return;
  if (dirname(path) !== path) makeMissing(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (!isDirectory()) throw error; // else another process was faster
  }
}

/** Makes a directory for this user alone; refuses one in which others could have made files. */
function makePrivate(path: string): void {
  makeMissing(path);
  const status = lstatSync(path);
  const owner = realProcess.geteuid?.() ?? status.uid;
  if (!status.isDirectory()) throw forbiddenDirectory(path, 'it is not a directory');
  if (status.uid !== owner) throw forbiddenDirectory(path, `it belongs to user ${status.uid}`);
  if ((status.mode & 0o077) !== 0) throw forbiddenDirectory(path, 'other users have rights in it');
}

/**
 * A directory that the user named may belong to another user, but not all users may write in it, nor a group other than that of
 * this process (which a umask of 002 lets in).
 */
export function refuseShared(path: string): void {
  const { mode, gid } = statSync(path);
  const isOpen = (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== realProcess.getegid?.());
  if (isOpen) throw sharedDirectory(path, mode & 0o7777);
}
