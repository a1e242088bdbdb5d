// A demo ends every process that it has started, by pid and in reverse order, at every exit of the demo.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const started = [];

/**
 * Starts a program. `child.failed` never resolves; it rejects when the program exits by itself with a code other
 * than 0.
 */
export function start(command, args, options) {
  const child = spawn(command, args, options);
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

/** Starts a module under Node, with a channel for messages. `url` is a URL of a file. */
export function startModule(url, args = []) {
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'];
  return start(process.execPath, [fileURLToPath(url), ...args.map(String)], { stdio });
}

/** Sends SIGKILL, as the out-of-memory killer would. `child.failed` does not reject. */
export async function kill(child) {
  child.stopping = true;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
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

/** A port that the system has just found free. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
