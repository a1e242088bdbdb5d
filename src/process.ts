import crypto from 'node:crypto';
import perfHooks from 'node:perf_hooks';
import imported from 'node:process';

/**
 * The process object with all of its methods. A test may replace the module by a copy without those of EventEmitter, and another
 * one may delete the global.
 */
export const realProcess: NodeJS.Process =
  [globalThis.process, imported].find((process) => typeof process?.once === 'function') ?? imported;

/** Node's own `node:crypto`, also where a test has a mock in its place. */
export const realCrypto: typeof crypto = realProcess.getBuiltinModule?.('node:crypto') ?? crypto;

/** Milliseconds of a clock that does not jump. The environments of some test runners lack the global. */
export function clockMs(): number {
  return (globalThis.performance ?? perfHooks.performance).now();
}
