import { existsSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const everyMs = 4000;
/** Docs/design.md says 5 s. Each attempt may fail because its temporary file is deleted; the next one is made 5 s later. */
const healsWithinMs = 30_000;

/** What goes wrong in the group's directory from outside, one thing after the other. */
export async function doMischief({ judge, counts, places: { directory } }, { signal, steadyFile }) {
  const plans = [plantGarbage, plantTorn, deleteSegment];
  for (let n = 0; !signal.aborted; n++) {
    try {
      await sleep(everyMs, undefined, { signal });
    } catch {
      return;
    }
    await plans[n % plans.length](n);
  }

  /** Files of every name that is the library's, with anything in them; they go after a second. */
  async function plantGarbage(n) {
    counts.count('garbage files');
    const names = [`s.garbage-${n}`, `s.empty-${n}`, `.t.garbage-${n}`, `b.garbage-${n}`, `notes-${n}.txt`];
    for (const name of names) {
      const size = name.includes('empty') ? 0 : Math.ceil(Math.random() * 20_000);
      writeFileSync(
        join(directory, name),
        Buffer.from(Array.from({ length: size }, () => Math.random() * 256)),
      );
    }
    await sleep(1000);
    for (const name of names) rmSync(join(directory, name), { force: true });
  }

  /** The beginning of a segment, as an interrupted copy leaves it. */
  async function plantTorn(n) {
    const segments = readdirSync(directory).filter((name) => name.startsWith('s.'));
    const segment = segments[Math.floor(Math.random() * segments.length)];
    const torn = join(directory, `s.torn-${n}`);
    try {
      writeFileSync(torn, readFileSync(join(directory, segment)).subarray(0, 1000));
    } catch (error) {
      if (error.code === 'ENOENT') return; // compacted meanwhile
      throw error;
    }
    counts.count('torn copies');
    await sleep(1000);
    rmSync(torn, { force: true });
  }

  async function deleteSegment() {
    counts.count('deleted segments');
    const path = join(directory, steadyFile);
    if (existsSync(path)) unlinkSync(path);
    const start = performance.now();
    while (!existsSync(path)) {
      if (performance.now() - start > healsWithinMs) {
        judge.violation(`a deleted segment is not there again after ${healsWithinMs / 1000} s`);
        return;
      }
      await sleep(20);
    }
    counts.longest('deleted segments were back after, s', (performance.now() - start) / 1000);
  }
}
