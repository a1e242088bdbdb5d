import cluster from 'node:cluster';
import { createHash } from 'node:crypto';
import { accessSync, constants, lstatSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { forbiddenDirectory, sharedDirectory } from '../errors';
import type { NativeAddon } from '../native';
import { realProcess } from '../process';
import type { ResolvedOptions } from './options';

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
  return join(memoryDirectory(), `prom-client-mmap-${realProcess.getuid?.() ?? 0}`);
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
 * Decides which group this process belongs to and makes its directory: `dir`, else that of the PM2 application, that of the
 * cluster's primary, or one of its own (which worker threads and later cluster workers find by the same rule). The first thread
 * decides for all.
 *
 * @throws an Error with code `ERR_GROUP_DIRECTORY` or a system error when the directory is not to be had.
 */
export function openGroup(
  addon: NativeAddon,
  { dir, allowSharedDirectory }: Pick<ResolvedOptions, 'dir' | 'allowSharedDirectory'>,
): GroupLocation {
  if (dir !== undefined) {
    const location = { directory: dir, isOurs: false, allowsOthers: allowSharedDirectory };
    makeDirectory(location);
    return location;
  }
  const name = addon.processGroup(addon.processGroup() || groupName(addon));
  const directory = join(baseDirectory(), name);
  const root = parseGroupName(name);
  const location = { directory, isOurs: true, ...(root && { rootPid: root.pid }) };
  makeDirectory(location);
  return location;
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

/** Read when the library is loaded: once the primary has exited, another process is the parent. */
const parentPid = realProcess.ppid;

function groupName(addon: NativeAddon): string {
  const host = addon.hostId();
  const { pm_id, name, PM2_HOME } = realProcess.env;
  // Before the cluster: PM2 runs the workers of all its applications as one cluster.
  if (pm_id !== undefined && name !== undefined)
    return `pm2-${fileName(name)}-${digest(PM2_HOME ?? '')}-${host}`;
  const rootPid = isClusterWorker() ? parentPid : realProcess.pid;
  return `${rootPid}-${addon.processStart(rootPid) || 0}-${host}`;
}

/** In a worker thread node:cluster hides its environment variable, but /proc still has the environment of the start. */
function isClusterWorker(): boolean {
  if (isMainThread) return cluster.isWorker;
  try {
    return readFileSync('/proc/self/environ', 'latin1')
      .split('\0')
      .some((entry) => entry.startsWith('NODE_UNIQUE_ID='));
  } catch {
    return false;
  }
}

/** The process that a group is named after; undefined for groups named otherwise. */
export function parseGroupName(name: string): { pid: number; start: string; host: string } | undefined {
  const match = /^(\d+)-(\d+)-([0-9a-f]{8})$/.exec(name);
  if (match === null) return undefined;
  const [, pid = '', start = '', host = ''] = match;
  return { pid: Number(pid), start, host };
}

/** Makes a directory for this user alone; refuses one in which others could have made files. */
function makePrivate(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const status = lstatSync(path);
  const owner = realProcess.getuid?.() ?? status.uid;
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
  const isOpen = (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== realProcess.getegid?.());
  if (isOpen) throw sharedDirectory(path, mode & 0o7777);
}

function fileName(text: string): string {
  const safe = text.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 64);
  return safe === text ? safe : `${safe}-${digest(text)}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
