import imported from 'node:process';

/**
 * The process object with all of its methods. A test may replace the module by a copy without those of EventEmitter, and another
 * one may delete the global.
 */
export const realProcess: NodeJS.Process =
  [globalThis.process, imported].find((process) => typeof process?.once === 'function') ?? imported;
