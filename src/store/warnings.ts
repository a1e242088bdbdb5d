import type { constants } from 'node:os';
import { getSystemErrorName, inspect } from 'node:util';
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

export function missingAddon({ cause, command, ...missing }: MissingAddon): Warning {
  const { platform, arch } = realProcess;
  const reason = missing.reason.replace(/\.$/, '');
  const [found, remedy] = {
    option: [`got: ${reason}`, 'Correct the path in configure({ addon }) or PROM_CLIENT_MMAP_ADDON'],
    forbidden: [
      `this process may not load it: ${reason}`,
      'Start Node without `--no-addons`, or with `--allow-addons` where it has `--permission`',
    ],
    failed: [`its compilation failed: ${reason}`, `After that, run \`${command}\``],
    unloadable: [
      `got: ${reason}`,
      /failed to map segment/.test(reason)
        ? 'Copy the file to a place that is not mounted with `noexec`, and give its path to PROM_CLIENT_MMAP_ADDON'
        : `Run \`${command}\`, which compiles it for this system`,
    ],
    unsupported: [`there is none for ${reason}`, 'Use Linux or macOS to share metrics'],
    missing: [`the package has none for ${reason}`, `Run \`${command}\`, which compiles it`],
    bundled: [
      `this code is in a bundle, and neither the addon nor its package was found near ${reason}`,
      'Copy the file of the package (docs/bundlers.md) beside the bundle as prom_client_mmap.node, or give its path to ' +
        '`configure({ addon })` or PROM_CLIENT_MMAP_ADDON',
    ],
  }[cause];
  const message =
    `Expected the native addon of prom-client-mmap for ${platform}-${arch}, but ${found}. Metrics are counted in this process ` +
    'only, and AggregatorRegistry and WorkerRegistry gather those of others by messages, as in prom-client. ' +
    `${remedy}, or call \`configure({ shared: false })\` if that is what you want.`;
  return { code: 'ERR_ADDON', message };
}

export function lateAnswers(names: readonly string[], deadlineMs: number): Warning {
  const message =
    `Expected the metrics of all workers within ${deadlineMs} ms, but got none of ${names.join(', ')}: this scrape and later ones ` +
    'go on without them until they answer. Check that their event loops are not blocked, and that they load this library.';
  return { code: 'ERR_LATE_ANSWER', message };
}

export function oldPromClient(version: string, path: string): Warning {
  const message =
    `Expected prom-client 13 or newer for prom-client-mmap/register to replace, but got ${version} at ${path}, which has another ` +
    'API: it stays, and the metrics of the modules that load it are in their own registry and this process only. Update the ' +
    'package that depends on it.';
  return { code: 'ERR_PRELOAD_VERSION', message };
}

export function importsAsTheyAre(cause: Error): Warning {
  const message =
    `Expected to replace prom-client where modules import it, but got: ${cause.message.replace(/\.$/, '')}. They import the installed ` +
    'one, whose metrics are in its own registry and this process only; `require` of it is replaced. Start Node with ' +
    '`--allow-worker` where it has `--permission`, or with Node 22.15 or newer.';
  return { code: 'ERR_PRELOAD_IMPORT', message };
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

export function noRequests(directory: string | undefined, error: NativeError): Warning {
  const code = error.errno === undefined ? 'ERR_SEGMENT' : errorName(error.errno);
  const message =
    `Expected to make a FIFO for requests of other processes in ${directory}, but got ${code}: ${error.message}. Their scrapes do not ` +
    'run the `collect` functions of this process, until it can be made: make room there, or name another directory in PROM_CLIENT_MMAP_DIR.';
  return { code, message };
}

/** Whether a file was not there. */
export function isMissing({ errno }: NativeError): boolean {
  return errno !== undefined && errorName(errno) === 'ENOENT';
}

export function noRoom(directory: string | undefined, error: NativeError): Warning {
  const code = error.errno === undefined ? 'ERR_SEGMENT' : errorName(error.errno);
  const call = error.syscall === undefined ? '' : `, ${error.syscall} '${error.path}'`;
  const got = `but got ${code}: ${error.message}${call}`;
  const messages: Readonly<Record<ReturnType<typeof lackOf>, string>> = {
    room:
      `Expected room for this process's metrics in ${directory}, ${got}. Series that find no room are counted in this process ` +
      'only and missing from the scrapes of others: make room there, or name another directory in PROM_CLIENT_MMAP_DIR.',
    file:
      `Expected labels and definitions that fit into a record of 1 MiB, ${got}. The series or metric is counted in this process ` +
      'only and missing from the scrapes of others: shorten its labels or texts, or use fewer buckets.',
    segment:
      `Expected a definition with at most 130,000 buckets and labels of at most 64 MiB, ${got}. Updates of the ` +
      'series or metric are not counted: use fewer buckets, or shorten its labels.',
  };
  const message = messages[lackOf(error)];
  return { code, message };
}

/** What a record found missing: room in the file, a file for so long a record, or any segment that can hold it. */
export function lackOf({ errno, path }: NativeError): 'room' | 'file' | 'segment' {
  const code = errno === undefined ? undefined : errorName(errno);
  if (code === 'EINVAL') return 'segment';
  if (code !== 'E2BIG') return 'room';
  return path === '' ? 'segment' : 'file'; // memory has no path
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

export function routeLimit(maxRoutes: number, route: string): Warning {
  const message =
    `Expected at most ${maxRoutes} routes of HTTP requests, but got one more: ${inspect(route.slice(0, 100))}. Requests of more have the ` +
    "route '__overflow__': have setRoute(), instrumentHttp({ route }) or instrumentHttp({ normalizePath }) return patterns without " +
    'ids, or raise instrumentHttp({ maxRoutes }).';
  return { code: 'ERR_ROUTE_LIMIT', message };
}

export function otherHttpOptions(present: string, ignored: string): Warning {
  const message =
    `Expected one set of options of instrumentHttp() for a registry, but got ${ignored} after ${present}: the first ones stay. ` +
    'Call it once, or call the function that the first call returned before.';
  return { code: 'ERR_HTTP_INSTRUMENTED', message };
}

/** The metrics server cannot listen. */
export function busyAddress(address: string, code: string, reason: string): Warning {
  const known = code === 'EADDRINUSE' ? 'EADDRINUSE: another server has it' : reason;
  const message =
    `Expected to serve metrics at ${address}, but got ${known}. It is tried again each second: free the address, or choose another ` +
    'one by startMetricsServer({ host, port }), or by PROM_CLIENT_MMAP_HOST and PROM_CLIENT_MMAP_PORT.';
  return { code: (code || 'ERR_METRICS_SERVER') as Warning['code'], message };
}

/** A part of `prom-client-mmap/auto` that cannot begin. */
export function autoParts(
  part: string,
  { code, message }: { readonly code?: string; readonly message: string },
): Warning {
  const text =
    `Expected to begin with ${part} for prom-client-mmap/auto, but got: ${message}. The application runs without that part. ` +
    'docs/http.md has the environment variables that change or switch off each part.';
  return { code: (code ?? 'ERR_AUTO') as Warning['code'], message: text };
}

/** The name of a negative errno. Node has none for EDQUOT, the error beyond `maxGroupBytes`. */
function errorName(errno: number): keyof typeof constants.errno {
  return (errno === -quotaExceeded ? 'EDQUOT' : getSystemErrorName(errno)) as keyof typeof constants.errno;
}

const quotaExceeded: number = realProcess.platform === 'darwin' ? 69 : 122;
