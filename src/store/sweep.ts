import { readdirSync, rmSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { NativeAddon } from '../native';
import { parseGroupName } from './group-directory';

/** The pid in a segment's file name; undefined for other files. */
function ownerPid(file: string): number | undefined {
  const match = /^s\.(\d+)\./.exec(file);
  return match === null ? undefined : Number(match[1]);
}

function hasOwner(addon: NativeAddon, files: readonly string[], except?: number): boolean {
  return files.some((file) => {
    const pid = ownerPid(file);
    return pid !== undefined && pid !== except && addon.processStart(pid) !== '';
  });
}

/**
 * Removes the groups named after a process when that process and all owners have exited. A group of another boot or pid
 * namespace stays: its pids mean other processes here.
 */
export async function sweepGroups(addon: NativeAddon, base: string): Promise<void> {
  const host = addon.hostId();
  for (const name of await readdir(base)) {
    const root = parseGroupName(name);
    if (root === undefined || root.host !== host || addon.processStart(root.pid) === root.start) continue;
    const directory = join(base, name);
    if (hasOwner(addon, await readdir(directory))) continue;
    await rm(directory, { recursive: true, force: true });
  }
}

/** Removes the group of a process that is about to exit, unless another process still counts into it. */
export function removeOwnGroup(addon: NativeAddon, directory: string, pid: number): void {
  if (!hasOwner(addon, readdirSync(directory), pid)) rmSync(directory, { recursive: true, force: true });
}
