import { badRegistryName } from '../errors';

/** The scope of the global registry. */
export const GLOBAL_SCOPE = '';

const COUNTER: unique symbol = Symbol.for('prom-client-mmap.scope-counter');

/**
 * The scope of the next registry without a name: '1', '2', and so on. It matches the registries of several processes, so they must
 * be used first in the same order everywhere. All copies of the library in a process count together.
 */
export function nextScope(): string {
  const counter = globalThis as { [COUNTER]?: number };
  counter[COUNTER] = (counter[COUNTER] ?? 0) + 1;
  return `${counter[COUNTER]}`;
}

/** The scope of a registry with a name. */
export function scopeOfName(name: unknown): string {
  if (typeof name !== 'string' || name === GLOBAL_SCOPE || /^\d+$/.test(name)) throw badRegistryName(name);
  return name;
}
