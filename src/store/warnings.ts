import type { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import type { ErrorCode } from '../errors';
import type { MissingAddon, NativeError } from '../native';
import { realProcess } from '../process';

/** Trouble that the operator should know of, and that no caller gets as an exception. */
export interface Warning {
  readonly code: ErrorCode | keyof typeof constants.errno;
  readonly message: string;
}

export function warn({ code, message }: Warning): void {
  realProcess.emitWarning(message, { type: 'PromClientMmapWarning', code });
}

export function missingAddon({ cause, reason, command }: MissingAddon): Warning {
  const { platform, arch } = realProcess;
  const [found, remedy] = {
    option: [`got: ${reason}`, 'Correct the path in configure({ addon }) or PROM_CLIENT_MMAP_ADDON'],
    unloadable: [`got: ${reason}`, `If it was compiled for another system, run \`${command}\``],
    failed: [`its compilation failed when it was installed: ${reason}`, `After that, run \`${command}\``],
    skipped: [
      'it was never compiled: the package was installed without its install script, as by `--ignore-scripts`',
      `Run \`${command}\``,
    ],
    bundled: [
      `this code is in a bundle, and neither the addon nor its package was found near ${reason}`,
      'Copy build/Release/prom_client_mmap.node of the package beside the bundle, or give its path to ' +
        '`configure({ addon })` or PROM_CLIENT_MMAP_ADDON (docs/bundlers.md)',
    ],
  }[cause];
  const message =
    `Expected the native addon of prom-client-mmap for ${platform}-${arch}, but ${found}. Metrics are counted in this ` +
    `process only. ${remedy}, or call \`configure({ shared: false })\` if that is what you want.`;
  return { code: 'ERR_ADDON', message };
}

export function oldPromClient(version: string, path: string): Warning {
  const message =
    `Expected prom-client 13 or newer for prom-client-mmap/register to replace, but got ${version} at ${path}, which has another ` +
    'API: it stays, and the metrics of the modules that load it are in their own registry and this process only. Update the ' +
    'package that depends on it.';
  return { code: 'ERR_PRELOAD_VERSION', message };
}

/** `cause` is a reason why the API could not be loaded, or undefined if it has refused the provider. */
export function noOpenTelemetry(cause: Error | undefined): Warning {
  const got =
    cause === undefined
      ? 'another provider was set before: load this module first, before other preloads and the SDK'
      : `${cause.message.split('\n')[0]}. Install the package beside the application`;
  const message = `Expected to set the MeterProvider of @opentelemetry/api, but got ${got}. OpenTelemetry metrics are not counted here.`;
  return { code: 'ERR_OPENTELEMETRY_API', message };
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
  const got = `but got ${code}: ${error.message}${call}`;
  const message = isUnfit(error.errno)
    ? `Expected labels and definitions that fit into a record of 1 MiB, ${got}. Updates of this series or metric are not ` +
      'counted: shorten its labels, or use fewer buckets.'
    : `Expected room for this process's metrics in ${directory}, ${got}. Series that find no room are counted in this process ` +
      'only and missing from the scrapes of others: make room there, or name another directory in PROM_CLIENT_MMAP_DIR.';
  return { code, message };
}

/** Whether a negative errno is that of a record which no segment can hold. */
export function isUnfit(errno: number | undefined): boolean {
  return errno !== undefined && unfit.has(errorName(errno));
}

const unfit: ReadonlySet<string> = new Set(['E2BIG', 'EINVAL']);

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

const quotaExceeded: number = realProcess.platform === 'darwin' ? 69 : 122;
