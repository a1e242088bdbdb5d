import { badOption, badRegistry, unknownOption } from '../errors';
import { nearestTo } from '../model/nearest';
import { globalRegistry, type Registry } from '../registry/registry';
import type { AnyRegistry, GroupRegistry } from '../types/registry';
import type { ObserverType } from './mapping';

export interface StatsdOptions {
  /** The address to listen on; `'0.0.0.0'` or `'::'` for all. Default `'127.0.0.1'`: this machine only. */
  readonly host?: string | undefined;
  /** The port for UDP, and for TCP unless that has one of its own. 0 for any free one. Default 9125. */
  readonly port?: number | undefined;
  /** Whether it listens for datagrams. Default `true`. */
  readonly udp?: boolean | undefined;
  /** Whether it listens for connections; a number is their port. Default `true`. */
  readonly tcp?: boolean | number | undefined;
  /** The path of a Unix socket of datagrams, as clients of DogStatsD send them. Needs the addon. Default none. */
  readonly unix?: string | undefined;
  /** The path of a Unix socket of connections, with lines or DogStatsD's packets. Default none. */
  readonly unixStream?: string | undefined;
  /** The rights of the files of both, such as `0o666` for clients of all users. Default `0o660`. */
  readonly unixMode?: number | undefined;
  /** The path of a mapping file of statsd_exporter. Default none. */
  readonly mapping?: string | undefined;
  /** How timers, histograms and distributions are shown where the mapping does not say. Default `'histogram'`. */
  readonly observerType?: ObserverType | undefined;
  /** Default: the global registry. */
  // biome-ignore lint/suspicious/noExplicitAny: a registry of any content type.
  readonly registry?: GroupRegistry<any> | AnyRegistry | undefined;
}

export type CheckedStatsdOptions = {
  readonly [K in 'host' | 'port' | 'udp' | 'unixMode' | 'observerType']-?: Exclude<
    StatsdOptions[K],
    undefined
  >;
} & {
  /** Undefined: it does not listen for connections. */
  readonly tcp: number | undefined;
  readonly unix: string | undefined;
  readonly unixStream: string | undefined;
  readonly mapping: string | undefined;
  readonly registry: Registry;
};

const names = [
  ...(['host', 'port', 'udp', 'tcp', 'unix', 'unixStream', 'unixMode'] as const),
  ...(['mapping', 'observerType', 'registry'] as const),
] as const;

/** Throws a TypeError with code `ERR_OPTION_UNKNOWN`, `ERR_OPTION_VALUE` or `ERR_REGISTRY`. */
export function checkedStatsdOptions(options: StatsdOptions): CheckedStatsdOptions {
  if (typeof options !== 'object' || options === null)
    throw badOption(
      'the argument of listenStatsd()',
      'an object of options',
      options,
      'pass one, or nothing',
    );
  const unknown = Object.keys(options).find((name) => !names.includes(name as (typeof names)[number]));
  if (unknown !== undefined) throw unknownOption(unknown, nearestTo(unknown, names), names, 'listenStatsd()');
  const { host = '127.0.0.1', port = 9125, udp = true, tcp = true, mapping } = options;
  const { unix, unixStream, unixMode = 0o660 } = options;
  const { observerType = 'histogram', registry = globalRegistry } = options;
  const check = (name: keyof StatsdOptions, isValid: boolean, expected: string): void => {
    if (!isValid)
      throw badOption(`listenStatsd({ ${name} })`, expected, options[name], 'correct it, or leave it out');
  };
  check('host', isText(host), 'a host name or an address');
  check('port', isPort(port), 'a whole number from 0 to 65535');
  check('udp', typeof udp === 'boolean', 'true or false');
  check('tcp', typeof tcp === 'boolean' || isPort(tcp), 'true, false or a port');
  check('unix', unix === undefined || isText(unix), 'the path of a Unix socket');
  check('unixStream', unixStream === undefined || isText(unixStream), 'the path of a Unix socket');
  check('unixMode', isMode(unixMode), 'rights from 0o000 to 0o777');
  if (unix !== undefined && unix === unixStream)
    throw badOption(
      'listenStatsd({ unixStream })',
      'another path than that of unix',
      unixStream,
      'name two files',
    );
  check('mapping', mapping === undefined || isText(mapping), 'the path of a mapping file');
  check('observerType', ['histogram', 'summary'].includes(observerType), "'histogram' or 'summary'");
  if (typeof (registry as Partial<GroupRegistry>).scopes !== 'function') throw badRegistry(registry);
  return {
    ...{ host, port, udp, unix, unixStream, unixMode, mapping, observerType },
    tcp: typeof tcp === 'number' ? tcp : tcp ? port : undefined,
    registry: registry as Registry,
  };
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isMode(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 0o777;
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < 65_536;
}
