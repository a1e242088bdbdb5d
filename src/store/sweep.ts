import { readdirSync, rmSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { NativeAddon } from '../native';
import { parseGroupName } from './group-directory';

/** Whether one of `files` is the segment of a living process, other than `except`. */
function hasOwner(addon: NativeAddon, files: readonly string[], except?: number): boolean {
  return files.some((file) => {
    const pid = Number(/^s\.(\d+)\./.exec(file)?.[1]);
    return pid > 0 && pid !== except && addon.processStart(pid) !== '';
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
