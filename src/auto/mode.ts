import { realProcess } from '../process';

export const autoVariable = 'PROM_CLIENT_MMAP_AUTO';

/** When to begin: never, at once, or when the application serves. Undefined for another value, which `activate()` warns about. */
type AutoMode = 'off' | 'always' | 'serving';

const modes: ReadonlyMap<string, AutoMode> = new Map([
  ['off', 'off'],
  ['0', 'off'],
  ['false', 'off'],
  ['always', 'always'],
  ['', 'serving'],
  ['on', 'serving'],
  ['1', 'serving'],
  ['true', 'serving'],
]);

export function autoMode(): AutoMode | undefined {
  return modes.get(realProcess.env[autoVariable]?.trim().toLowerCase() ?? '');
}
