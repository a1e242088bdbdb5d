import { accessSync, constants, existsSync, lstatSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { forbiddenGroup, noGroup, severalGroups } from '../errors';
import { realProcess } from '../process';
import { requireAddon } from '../store/current';
import { refuseShared } from '../store/group-directory';
import {
  foreignCounts,
  type GroupFile,
  type GroupReport,
  groupDirectories,
  isGroup,
  reportOf,
} from '../store/groups';

/** All groups of this machine that this user can find, the running ones first. */
export async function findGroups(): Promise<GroupReport[]> {
  const found = await Promise.all(groupDirectories().map(groupAt));
  const rank = ({ state }: GroupReport): number => (state === 'ended' ? 1 : 0);
  return found.sort((a, b) => rank(a) - rank(b) || (a.directory < b.directory ? -1 : 1));
}

/** A group that this user may not read, or that was removed at this moment, has no numbers. */
export async function groupAt(directory: string): Promise<GroupReport> {
  return reportOf(requireAddon(), directory, await filesOf(directory).catch(() => []));
}

/** The files of one group, all read and checked. Rejects with a system error when the directory cannot be read. */
export async function filesOf(directory: string): Promise<GroupFile[]> {
  const { Group } = requireAddon();
  return JSON.parse(await new Group(directory).inspect(true)) as GroupFile[];
}

/**
 * The directory of the group that the user has named: by a directory, a pid or the name of an application, or not at all.
 *
 * @throws an Error with code `ERR_GROUP_UNKNOWN` when there is none or more than one, and `ERR_GROUP_ACCESS` or `ERR_GROUP_DIRECTORY` when
 * this user may not read it or other users may write there.
 */
export async function chooseGroup(
  name: string | undefined,
  command: string,
  { 'allow-shared-directory': allowsOthers = false }: { readonly 'allow-shared-directory'?: boolean },
): Promise<string> {
  const directory = await directoryOf(name, command);
  requireAccess(directory);
  if (allowsOthers) requireAddon().allowOthersIn(directory);
  else refuseShared(directory);
  return directory;
}

/** For a look at one moment: a directory without counts may become a group later, but is none now. Throws as `chooseGroup()`. */
export function requireCounts(directory: string): void {
  if (!isGroup(directory)) throw noGroup(directory, groupDirectories());
}

async function directoryOf(name: string | undefined, command: string): Promise<string> {
  if (name !== undefined && isDirectory(name)) return resolve(name);
  if (name?.includes('/')) throw noGroup(name, []);
  const groups = await findGroups();
  const named = name === undefined ? groups : groups.filter((group) => isNamed(group, name));
  const running = named.filter(({ state }) => state !== 'ended');
  const [only, ...more] = running.length > 0 ? running : named;
  if (only === undefined)
    throw noGroup(
      name,
      groups.map(({ directory }) => directory),
    );
  if (more.length > 0)
    throw severalGroups([only, ...more].map(({ directory }) => `prom-client-mmap ${command} ${directory}`));
  return only.directory;
}

function isNamed({ directory, application, pids }: GroupReport, name: string): boolean {
  if (application === name || basename(directory) === name) return true;
  return /^\d+$/.test(name) && (pids.includes(Number(name)) || basename(directory).startsWith(`${name}-`));
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function requireAccess(directory: string): void {
  if (!existsSync(directory)) throw noGroup(directory, []);
  try {
    accessSync(directory, constants.R_OK | constants.X_OK);
  } catch {
    throw forbidden(directory);
  }
  const foreign = foreignCounts(directory);
  if (foreign !== undefined) throw forbidden(foreign);
}

function forbidden(path: string): Error {
  const { uid, mode } = lstatSync(path);
  return forbiddenGroup(path, realProcess.geteuid?.(), uid, mode & 0o7777);
}
