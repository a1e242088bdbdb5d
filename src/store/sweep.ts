import { readdirSync, rmSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { NativeAddon } from '../native';
import { isRootAlive, isSweepable, parseRoot } from './group-name';

/** Whether one of `files` is the segment of a living process, other than `except`. */
function hasOwner(addon: NativeAddon, files: readonly string[], except?: number): boolean {
  return files.some((file) => {
    const pid = Number(/^s\.(\d+)\./.exec(file)?.[1]);
    return pid > 0 && pid !== except && addon.processStart(pid) !== '';
  });
}

/** A process makes its directory before it joins the group. In another pid namespace the one that the group is named after is not seen. */
const leastAgeMs = 60_000;

/**
 * Removes the groups whose processes have exited, of this and other pid namespaces. The group of a process that lives stays, also
 * without an owner, and so does a persistent one.
 */
export async function sweepGroups(addon: NativeAddon, base: string): Promise<void> {
  for (const name of await readdir(base)) {
    const directory = join(base, name);
    // A group that another process removes at this moment, or that has files of another user, hinders no other one.
    if (isSweepable(name)) await removeIfEnded(addon, directory, parseRoot(name)).catch(() => undefined);
  }
}

async function removeIfEnded(
  addon: NativeAddon,
  directory: string,
  root: ReturnType<typeof parseRoot>,
): Promise<void> {
  if (root !== undefined && isRootAlive(addon, root)) return;
  const isSeen = root?.host === addon.hostId();
  if (!isSeen && Date.now() - (await stat(directory)).mtimeMs < leastAgeMs) return;
  if (addon.groupHasEnded(directory)) await rm(directory, { recursive: true, force: true });
}

/** Removes the group of a process that is about to exit, unless another process still counts into it. */
export function removeOwnGroup(addon: NativeAddon, directory: string, pid: number): void {
  if (!hasOwner(addon, readdirSync(directory), pid)) rmSync(directory, { recursive: true, force: true });
}
