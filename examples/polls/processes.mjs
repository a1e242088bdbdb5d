// The demo ends every process that it has started, by pid and in reverse order, at every exit of the demo.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const started = [];

/**
 * Starts a program. `child.failed` never resolves; it rejects when the program exits by itself with a code other
 * than 0.
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
  child.failed.catch(() => {}); // The caller that awaits it reports it.
  started.push(child);
  return child;
}

/** Starts a module of this folder under Node, with a channel for messages. */
export function startModule(name, args = []) {
  const path = fileURLToPath(new URL(name, import.meta.url));
  return start(process.execPath, [path, ...args.map(String)], ['ignore', 'inherit', 'inherit', 'ipc']);
}

/** Sends SIGTERM, and SIGKILL after three seconds. */
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
