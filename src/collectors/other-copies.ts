import { globalRegistry } from '../registry/registry';
import { currentStore } from '../store/current';
import { commonState } from '../store/test-runner';
import type { Options } from './collection';

interface Claim {
  readonly copy: object;
  readonly isRegistered: () => boolean;
}

/** By prefix and labels: the copy of the library whose default metrics this thread has in the global registry. */
const claims = commonState(Symbol.for('prom-client-mmap/default-metrics'), () => new Map<string, Claim>());
const thisCopy = {};

/**
 * Whether another copy of the library in this thread collects the same metrics already: copies have one segment, so that both
 * together would count each second of the CPU twice.
 */
export function isCollectedByOther(options: Options): boolean {
  if (!isCommon(options)) return false;
  const claim = claims().get(keyOf(options));
  return claim !== undefined && claim.copy !== thisCopy && claim.isRegistered();
}

/** Keeps other copies from collecting the same, as long as one of the metrics is registered. */
export function claim(options: Options, isRegistered: () => boolean): void {
  if (isCommon(options)) claims().set(keyOf(options), { copy: thisCopy, isRegistered });
}

/** The global registries of all copies are one, unless each of them counts in memory of its own. */
function isCommon({ register }: Options): boolean {
  const isGlobal = register === undefined || (register as object) === globalRegistry;
  return isGlobal && currentStore().shared;
}

function keyOf({ prefix, labels }: Options): string {
  return JSON.stringify([prefix ?? '', labels ?? {}]);
}
