import { fork } from 'node:child_process';
import { once } from 'node:events';

/** Milliseconds. A trial that takes longer hangs, even on a busy machine. */
const timeout = 1_800_000;

/** Runs a module of this folder in a fresh process; resolves to the message that it sends. */
export async function runTrial(module, trial) {
  const child = fork(new URL(module, import.meta.url), [JSON.stringify(trial)], {
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    env: environment(),
    execArgv: [],
    timeout,
  });
  let figures;
  let complaints = '';
  child.on('message', (message) => {
    figures = message;
  });
  child.stderr.on('data', (chunk) => {
    complaints += chunk;
  });
  const [code, signal] = await once(child, 'close');
  if (code !== 0 || figures === undefined) {
    throw new Error(`${module} ${JSON.stringify(trial)} ended with ${signal ?? code}\n${complaints}`);
  }
  return figures;
}

/** Without the variables that would change the group of a trial, or how Node runs it. */
function environment() {
  const {
    PROMETHEUS_MULTIPROC_DIR: _,
    prometheus_multiproc_dir: __,
    NODE_OPTIONS: ___,
    ...rest
  } = process.env;
  return rest;
}
