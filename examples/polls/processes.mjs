// What the demo starts it ends, by pid, in reverse order, however the demo itself ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const started = [];

/**
 * Starts a program. `child.failed` never resolves; it rejects when the program ends before it is told to with
 * anything but 0.
 */
export function start(command, args, stdio) {
  const child = spawn(command, args, { stdio });
  child.failed = new Promise((_resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (code !== 0 && !child.stopping)
        reject(new Error(`${command} ${args[0]} ended with ${signal ?? code}`));
    });
  });
  child.failed.catch(() => {}); // Reported by whoever awaits it.
  started.push(child);
  return child;
}

/** Starts a module of this folder under Node, with a channel for messages. */
export function startModule(name, args = []) {
  const path = fileURLToPath(new URL(name, import.meta.url));
  return start(process.execPath, [path, ...args.map(String)], ['ignore', 'inherit', 'inherit', 'ipc']);
}

/** Asks a program to end, and makes it after three seconds. */
async function stop(child) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.stopping = true;
  const exited = once(child, 'exit');
  const force = setTimeout(() => child.kill('SIGKILL'), 3000);
  child.kill('SIGTERM');
  await exited;
  clearTimeout(force);
}

export async function stopAll() {
  for (const child of started.splice(0).reverse()) await stop(child);
}
