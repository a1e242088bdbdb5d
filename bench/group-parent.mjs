import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** Where the directories of groups are made: in memory, as by default. */
export function groupParent() {
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
}
