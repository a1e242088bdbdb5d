// A lock between processes that run in the same folder. It is a file with the pid of its holder.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** Runs `task` while no other process does so for the same path; a lock whose holder is dead is taken over. */
export async function withLock(path, task) {
  const mine = `${path}.${process.pid}`;
  mkdirSync(dirname(path), { recursive: true });
  // The file appears with its content, so no reader finds a lock that has no holder yet.
  writeFileSync(mine, `${process.pid}`);
  try {
    for (let tries = 0; !take(mine, path); tries++) {
      const holder = holderOf(path);
      if (tries === 5) console.error(`waiting for process ${holder}, which holds ${path}`);
      if (holder !== undefined && !isAlive(holder)) breakLock(path, holder);
      else await setTimeout(200);
    }
    try {
      return await task();
    } finally {
      rmSync(path, { force: true });
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

function take(mine, path) {
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function holderOf(path) {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

// Moved away before it is looked at again: of several processes that saw the dead holder, one may have been so fast
// that the lock is already its own.
function breakLock(path, holder) {
  const aside = `${path}.broken.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  if (holderOf(aside) === holder) rmSync(`${path}.${holder}`, { force: true });
  else linkSync(aside, path);
  rmSync(aside);
}
