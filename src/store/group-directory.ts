import { accessSync, constants, lstatSync, mkdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { forbiddenDirectory, sharedDirectory } from '../errors';
import type { NativeAddon } from '../native';
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

/** The directory of all groups that this library names. In memory where the system has such a file system. */
export function baseDirectory(): string {
  return join(memoryDirectory(), `prom-client-mmap-${process.getuid?.() ?? 0}`);
}

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
  if (dir !== undefined) {
    const location = { directory: dir, isOurs: false, allowsOthers: allowSharedDirectory };
    makeDirectory(location);
    return location;
  }
  warnAboutUsers();
  const name = groupName(addon, persist);
  const directory = join(baseDirectory(), name);
  const root = parseRoot(name);
  const location = { directory, isOurs: true, ...(root && { rootPid: root.pid }) };
  makeDirectory(location);
  return location;
}

/** Has the processes that this one starts from here on join the group, by their environment. */
export function shareWithChildren({ directory, isOurs, allowsOthers }: GroupLocation): void {
  if (isOurs) {
    process.env[groupVariable] = basename(directory);
  } else {
    process.env['PROM_CLIENT_MMAP_DIR'] = directory;
    if (allowsOthers) process.env['PROM_CLIENT_MMAP_ALLOW_SHARED_DIRECTORY'] = '1';
  }
}

/** Makes the directory of a group, if it is missing. Throws as `openGroup()` does. */
export function makeDirectory({ directory, isOurs, allowsOthers }: GroupLocation): void {
  if (isOurs) {
    makePrivate(dirname(directory));
    makePrivate(directory);
  } else {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (!allowsOthers) refuseShared(directory);
  }
}

function warnAboutUsers(): void {
  const user = process.geteuid?.();
  const primaryUser = primaryPid === undefined ? user : userOf(primaryPid);
  if (primaryPid === undefined || user === undefined || primaryUser === undefined) return;
  if (user !== primaryUser) warn(otherUser(primaryPid, primaryUser, user));
}

/** Makes a directory for this user alone; refuses one in which others could have made files. */
function makePrivate(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const status = lstatSync(path);
  const owner = process.getuid?.() ?? status.uid;
  if (!status.isDirectory()) throw forbiddenDirectory(path, 'it is not a directory');
  if (status.uid !== owner) throw forbiddenDirectory(path, `it belongs to user ${status.uid}`);
  if ((status.mode & 0o077) !== 0) throw forbiddenDirectory(path, 'other users have rights in it');
}

/**
 * A directory that the user named may belong to another user, but not all users may write in it, nor a group other than that of
 * this process (which a umask of 002 lets in).
 */
function refuseShared(path: string): void {
  const { mode, gid } = statSync(path);
  const isOpen = (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== process.getegid?.());
  if (isOpen) throw sharedDirectory(path, mode & 0o7777);
}
