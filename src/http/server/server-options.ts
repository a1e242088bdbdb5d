import { badOption } from '../../errors';
import { realProcess } from '../../process';
import { warn } from '../../store/warnings';
import { type HandlerOptions, handlerKinds } from '../handler-options';
import { checkOptionsOf } from '../options';

/**
 * How the metrics are served, with the options of `metricsHandler()` but for `log`. An option of the address that is left out comes from
 * its environment variables, else from its default.
 */
export interface MetricsServerOptions extends Omit<HandlerOptions, 'log'> {
  /**
   * The address to listen on; `'0.0.0.0'` or `'::'` for all. Default `'127.0.0.1'`: this machine only. `PROM_CLIENT_MMAP_HOST`, else
   * `OTEL_EXPORTER_PROMETHEUS_HOST`.
   */
  readonly host?: string | undefined;
  /** 0 for any free one. Default 9464. `PROM_CLIENT_MMAP_PORT`, else `OTEL_EXPORTER_PROMETHEUS_PORT`. */
  readonly port?: number | undefined;
  /** The path of the metrics. Default `'/metrics'`. `PROM_CLIENT_MMAP_PATH`. */
  readonly path?: string | undefined;
  /** The path of a Unix socket, in place of host and port. Default none. `PROM_CLIENT_MMAP_SOCKET`. */
  readonly socketPath?: string | undefined;
  /** Whether `/` is a live page of rates, latencies and processes, for people. Default `false`: a link to the metrics. */
  readonly page?: boolean | undefined;
  /**
   * `false` serves from this thread. Default `true`: from a worker thread of its own, which answers while this one is busy. It shows the
   * metrics of this library; those of others, and private registries, need `false`.
   */
  readonly thread?: boolean | undefined;
}

/** The part of the options that `metricsHandler()` does not have. */
export type AddressOptions = Omit<MetricsServerOptions, keyof HandlerOptions>;

/** Where a server listens, and the path of the metrics. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly socketPath: string | undefined;
  /** Whether it has the live page at `/`. */
  readonly page: boolean;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isPort = (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) < 65_536;

const kinds = {
  host: { expected: 'a host name or an address', accepts: isText },
  port: { expected: 'a whole number from 0 to 65535', accepts: isPort },
  path: {
    expected: "a path as it is in a URL, which begins with '/' and is neither /healthz nor /targets",
    accepts: (value: unknown) =>
      typeof value === 'string' &&
      /^\/[!-~]*$/.test(value) &&
      !/[?#]/.test(value) &&
      value !== '/healthz' &&
      value !== '/targets',
  },
  socketPath: { expected: 'the path of a Unix socket', accepts: isText },
  page: { expected: 'true or false', accepts: (value: unknown) => typeof value === 'boolean' },
  thread: { expected: 'true or false', accepts: (value: unknown) => typeof value === 'boolean' },
} as const;

/** All options. Throws a TypeError with code `ERR_OPTION_UNKNOWN` or `ERR_OPTION_VALUE`. */
export function checkServerOptions(options: unknown): asserts options is MetricsServerOptions {
  checkOptionsOf('startMetricsServer', { ...kinds, ...handlerKinds }, options);
}

/** `options` are those of the address. Throws a TypeError with code `ERR_OPTION_UNKNOWN` or `ERR_OPTION_VALUE`. Warns about a variable that is not acceptable. */
export function serverAddress(options: AddressOptions): ServerAddress {
  checkOptionsOf('startMetricsServer', kinds, options);
  const { host, port, path, socketPath, page = false } = options;
  const variable = (name: 'host' | 'port' | 'path' | 'socketPath', ...names: readonly string[]): unknown =>
    fromEnvironment(kinds[name], name === 'port' ? Number : String, names);
  const hosts = ['PROM_CLIENT_MMAP_HOST', 'OTEL_EXPORTER_PROMETHEUS_HOST'];
  const ports = ['PROM_CLIENT_MMAP_PORT', 'OTEL_EXPORTER_PROMETHEUS_PORT'];
  return {
    page,
    host: host ?? (variable('host', ...hosts) as string | undefined) ?? '127.0.0.1',
    port: port ?? (variable('port', ...ports) as number | undefined) ?? 9464,
    path: path ?? (variable('path', 'PROM_CLIENT_MMAP_PATH') as string | undefined) ?? '/metrics',
    socketPath:
      socketPath ??
      // A call that names a port means it.
      (port === undefined
        ? (variable('socketPath', 'PROM_CLIENT_MMAP_SOCKET') as string | undefined)
        : undefined),
  };
}

function fromEnvironment(
  { expected, accepts }: { expected: string; accepts(value: unknown): boolean },
  parse: (text: string) => unknown,
  names: readonly string[],
): unknown {
  const variable = names.find((name) => realProcess.env[name]?.trim());
  if (variable === undefined) return undefined;
  const value = parse(realProcess.env[variable]?.trim() ?? '');
  if (accepts(value)) return value;
  warn(badOption(variable, expected, realProcess.env[variable], 'until it is corrected, the default holds'));
  return undefined;
}

/** The address as people write it. */
export function addressText({ host, port, socketPath }: ServerAddress): string {
  return socketPath ?? `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
