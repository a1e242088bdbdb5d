import { installedCopy } from './directories';
import { type Member, spawn } from './member';

/** A user that owns nothing. */
export const nobody = 65534;

/** Undefined where that user cannot run Node, or not read the copy of the library. */
export async function spawnAs(uid: number, directory: string): Promise<Member | undefined> {
  try {
    return await spawn({ directory, uid, from: installedCopy({ addon: true }) });
  } catch (error) {
    if (/EACCES|ENOENT|MODULE_NOT_FOUND/.test(String(error))) return undefined;
    throw error;
  }
}
