import type { constants } from 'node:os';
import process from 'node:process';
import { getSystemErrorName } from 'node:util';
import type { ErrorCode } from '../errors';
import type { NativeError } from '../native';

/** Trouble that the operator should know of, and that no caller gets as an exception. */
export interface Warning {
  readonly code: ErrorCode | keyof typeof constants.errno;
  readonly message: string;
}

export function warn({ code, message }: Warning): void {
  process.emitWarning(message, { type: 'PromClientMmapWarning', code });
}

export function missingAddon(reason: string): Warning {
  const message =
    `Expected the native addon of prom-client-mmap for ${process.platform}-${process.arch}, but got: ${reason}. ` +
    'Metrics are counted in this process only. Install a C++20 compiler and run `npm rebuild prom-client-mmap`, ' +
    'or call `configure({ shared: false })` if that is what you want.';
  return { code: 'ERR_ADDON', message };
}

export function noDirectory(error: NodeJS.ErrnoException): Warning {
  const isOurs = error.code === 'ERR_GROUP_DIRECTORY';
  const reason = isOurs
    ? error.message
    : `Expected a directory for the metrics of this group, but got ${error.message}. ` +
      'Make it accessible, or name another in PROM_CLIENT_MMAP_DIR';
  const message = `${reason}. Until then metrics are counted in this process only.`;
  return { code: (error.code ?? 'ERR_GROUP_DIRECTORY') as Warning['code'], message };
}

/** `errno` is negative. The scrape shows the numbers of this thread, and of others those that were read in the last 30 seconds. */
export function hiddenGroup(directory: string | undefined, errno: number): Warning {
  const code = errorName(errno);
  const message =
    `Expected access to the files of this group in ${directory}, but got ${code}. Scrapes show the numbers of this thread only. ` +
    'If the process has given up its rights, make its first metric afterwards, or name a directory in PROM_CLIENT_MMAP_DIR that ' +
    'belongs to its later user.';
  return { code, message };
}

export function otherUser(primary: number, primaryUser: number, user: number): Warning {
  const message =
    `Expected that the primary of this cluster worker runs as user ${user}, but process ${primary} runs as user ${primaryUser}: ` +
    'no user but root can read the files of another one, so scrapes in this worker lack the numbers of the primary. Run both as ' +
    'one user, or scrape the primary.';
  return { code: 'ERR_GROUP_USER', message };
}

export function noRoom(directory: string | undefined, error: NativeError): Warning {
  const code = error.errno === undefined ? 'ERR_SEGMENT' : errorName(error.errno);
  const call = error.syscall === undefined ? '' : `, ${error.syscall} '${error.path}'`;
  const message =
    `Expected room for this process's metrics in ${directory}, but got ${code}: ` +
    `${error.message}${call}. Series that find no room are counted in this process only and missing from the scrapes of ` +
    'others: make room there, or name another directory in PROM_CLIENT_MMAP_DIR.';
  return { code, message };
}

export function tooManySeries(maxSeries: number): Warning {
  const message =
    `Expected at most ${maxSeries} series (label sets) in this process, but got one more. Updates of more ` +
    'are dropped and counted in prom_client_mmap_dropped_updates_total: look for a label with unbounded values, such as ' +
    'an id or a path, or raise `configure({ maxSeries })`.';
  return { code: 'ERR_SERIES_LIMIT', message };
}

/** `position` is where the registry was made. */
export function unnamedRegistry(position: string): Warning {
  const message =
    `Expected a name for the registry that is made at ${position}, because it is made for requests or messages, or more than ` +
    'once: it shows the metrics of this thread only. Call `new Registry(contentType, { name })` to show those of all ' +
    'processes, or `new Registry(contentType, { shared: false })` if that is what you want.';
  return { code: 'ERR_REGISTRY_UNNAMED', message };
}

/** The name of a negative errno. Node has none for EDQUOT, the error beyond `maxGroupBytes`. */
function errorName(errno: number): keyof typeof constants.errno {
  return (errno === -quotaExceeded ? 'EDQUOT' : getSystemErrorName(errno)) as keyof typeof constants.errno;
}

const quotaExceeded: number = process.platform === 'darwin' ? 69 : 122;
