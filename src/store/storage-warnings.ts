import { getSystemErrorName } from 'node:util';
import type { NativeError } from '../native';

/** What the operator is told, once each. */
export interface Warning {
  readonly message: string;
  readonly code: string;
}

export function noRoom(directory: string | undefined, error: NativeError): Warning {
  const code = error.errno === undefined ? 'ERR_SEGMENT' : errorName(error.errno);
  const call = error.syscall === undefined ? '' : `, ${error.syscall} '${error.path}'`;
  const message =
    `Expected room for this process's metrics in ${directory}, but got ${code}: ` +
    `${error.message}${call}. What finds no room is counted in this process only and missing from the scrapes of ` +
    'others: make room there, or name another directory in PROMETHEUS_MULTIPROC_DIR.';
  return { message, code };
}

export function tooManySeries(maxSeries: number): Warning {
  const message =
    `Expected at most ${maxSeries} series (label sets) in this process, but got one more. Updates of more ` +
    'are dropped and counted in prom_client_mmap_dropped_updates_total: look for a label with unbounded values, such as ' +
    'an id or a path, or raise `configure({ maxSeries })`.';
  return { message, code: 'ERR_SERIES_LIMIT' };
}

/** The name of a negative errno, also of those that Node has no name for. */
function errorName(errno: number): string {
  return errno === -quotaExceeded ? 'EDQUOT' : getSystemErrorName(errno);
}

/** EDQUOT: what `maxGroupBytes` gives. */
const quotaExceeded: number = process.platform === 'darwin' ? 69 : 122;
