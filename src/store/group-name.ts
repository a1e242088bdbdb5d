import cluster from 'node:cluster';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import type { NativeAddon } from '../native';
import { realProcess } from '../process';

/** The variable by which a process names its group to the processes that it starts; see the option `shareWithChildren`. */
export const groupVariable = 'PROM_CLIENT_MMAP_GROUP';

/** What the names of persistent groups end in: no other application removes them. */
const persistentSuffix = '-persistent';

/** The process by whose start a group is named, and the boot and pid namespace in which its pid means a process. */
interface GroupRoot {
  readonly pid: number;
  readonly start: string;
  readonly host: string;
}

/**
 * The name of the group of this process: that of the process that shares with it, else of the PM2 application, else of the
 * cluster's primary, else of this process.
 */
export function groupName(addon: NativeAddon, isPersistent: boolean): string {
  return addon.processGroup(addon.processGroup() || inheritedName(addon) || ownName(addon, isPersistent));
}

/** Undefined for the group of a PM2 application, and for names that are not of this library. */
export function parseRoot(name: string): GroupRoot | undefined {
  const match = /^(\d+)-(\d+)-([0-9a-f]{8})$/.exec(name);
  if (match === null) return undefined;
  const [, pid = '', start = '', host = ''] = match;
  return { pid: Number(pid), start, host };
}

/** Whether other applications may remove the group once it has ended. */
export function isSweepable(name: string): boolean {
  return (
    parseRoot(name) !== undefined || (/^pm2-.*-[0-9a-f]{8}$/.test(name) && !name.endsWith(persistentSuffix))
  );
}

/** Whether the process that the group is named after lives in this boot and pid namespace. */
export function isRootAlive(addon: NativeAddon, { pid, start, host }: GroupRoot): boolean {
  return host === addon.hostId() && addon.processStart(pid) === start;
}

/** The primary of this cluster worker; undefined in other processes. Read at loading: later another process may be the parent. */
export const primaryPid: number | undefined = findPrimary();

/** Undefined without `shareWithChildren` in an ancestor, and when the process that the group is named after has exited. */
function inheritedName(addon: NativeAddon): string | undefined {
  const name = realProcess.env[groupVariable];
  if (name === undefined) return undefined;
  const root = parseRoot(name);
  return (root === undefined ? isSweepable(name) : isRootAlive(addon, root)) ? name : undefined;
}

function ownName(addon: NativeAddon, isPersistent: boolean): string {
  const host = addon.hostId();
  // Before the cluster: PM2 runs the workers of all its applications as one cluster.
  const application = pm2Application();
  if (application !== undefined) {
    const { name, home } = application;
    return `pm2-${fileName(name)}-${digest(home)}-${host}${isPersistent ? persistentSuffix : ''}`;
  }
  const rootPid = primaryPid ?? realProcess.pid;
  return `${rootPid}-${addon.processStart(rootPid) || 0}-${host}`;
}

/** In a preload of PM2's cluster mode the members of the variable `pm2_env`, JSON, are not in the environment yet. */
function pm2Application(): { readonly name: string; readonly home: string } | undefined {
  const { pm2_env, ...environment } = realProcess.env;
  const { pm_id, name, PM2_HOME } = { ...environment, ...parseObject(pm2_env) };
  if (pm_id === undefined || typeof name !== 'string') return undefined;
  return { name, home: typeof PM2_HOME === 'string' ? PM2_HOME : '' };
}

function parseObject(text = ''): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/**
 * The nearest ancestor without the variable by which node:cluster tells its workers: a shell between the primary and the worker
 * has the variable, too. Without /proc it is the parent.
 */
function findPrimary(): number | undefined {
  // In a worker thread node:cluster hides the variable, but /proc still has the environment of the start.
  const own = environmentOf('self').find((entry) => entry.startsWith('NODE_UNIQUE_ID='));
  const isClusterWorker = isMainThread ? cluster.isWorker : own !== undefined;
  if (!isClusterWorker) return undefined;
  let pid = realProcess.ppid;
  while (own !== undefined && environmentOf(pid).includes(own)) {
    const parent = parentOf(pid);
    if (parent === undefined) break;
    pid = parent;
  }
  return pid;
}

/** The environment with which a process was started, as `NAME=value`; empty if this process may not read it. */
function environmentOf(pid: number | 'self'): readonly string[] {
  return readProc(pid, 'environ').split('\0');
}

function parentOf(pid: number): number | undefined {
  const [, parent] = /^PPid:\s+(\d+)$/m.exec(readProc(pid, 'status')) ?? [];
  return Number(parent) || undefined;
}

/** The effective user of a process; undefined if that cannot be read. */
export function userOf(pid: number): number | undefined {
  const [, user] = /^Uid:\s+\d+\s+(\d+)/m.exec(readProc(pid, 'status')) ?? [];
  return user === undefined ? undefined : Number(user);
}

/** '' if it cannot be read, and where a test has replaced `node:fs` by a mock that returns nothing. */
function readProc(pid: number | 'self', file: string): string {
  try {
    const text: unknown = readFileSync(`/proc/${pid}/${file}`, 'latin1');
    return typeof text === 'string' ? text : '';
  } catch {
    return '';
  }
}

function fileName(text: string): string {
  const safe = text.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 64);
  return safe === text ? safe : `${safe}-${digest(text)}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
