import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { basename, resolve } from 'node:path';
import { badStatsdAddress, unreadableMapping } from '../errors';
import { currentStore, requireAddon } from '../store/current';
import { warn } from '../store/warnings';
import { Bridge } from './bridge';
import { InheritedSeriesList } from './inherited';
import { type Mapping, noMapping, readMapping } from './mapping';
import { type CheckedStatsdOptions, checkedStatsdOptions, type StatsdOptions } from './options';
import { SelfMetrics } from './self-metrics';
import { type OpenSocket, openStream, openUdp, openUnix, type PacketReader } from './sockets';

export type { ObserverType } from './mapping';
export type { StatsdOptions } from './options';

/** The part of this process in the statsd listener of its group. */
export interface StatsdListener {
  /** Where this process listens; empty while another process of the group does. */
  readonly addresses: {
    readonly udp?: AddressInfo;
    readonly tcp?: AddressInfo;
    readonly unix?: string;
    readonly unixStream?: string;
  };
  /** Reads the mapping file again. Rejects with `ERR_STATSD_MAPPING` if it has a mistake: the old mapping stays then. */
  reload(): Promise<void>;
  /** Ends it in this process; another one of the group takes over. */
  close(): Promise<void>;
}

/** How often a process asks whether it has become the one that listens. */
const roleMs = 200;
/** Between two attempts to listen. */
const retryMs = 500;
const ttlCheckMs = 1000;

/**
 * Counts statsd and DogStatsD samples, from any program, into a registry. To be called in each process of the group, with the same
 * options: one of them listens, and another one takes over within a second of its end. It keeps no process alive.
 *
 * Resolves after the first attempt to listen: an address that another application has is a warning, and is tried again.
 *
 * @throws (as a rejection) a TypeError with code `ERR_OPTION_UNKNOWN`, `ERR_OPTION_VALUE` or `ERR_REGISTRY`, an Error with code
 * `ERR_STATSD_MAPPING` for a mapping file that cannot be read or has a mistake, and with `ERR_ADDON` for `unix` without the addon.
 */
export async function listenStatsd(options: StatsdOptions = {}): Promise<StatsdListener> {
  const checked = checkedStatsdOptions(options);
  if (checked.unix !== undefined) requireAddon();
  const listener = new GroupListener(checked);
  await listener.ready;
  return listener;
}

/**
 * Reads a mapping file of statsd_exporter and checks it. Returns the number of its rules, and warnings of keys without a meaning.
 *
 * @throws an Error with code `ERR_STATSD_MAPPING` that names the file, the line and the expectation there.
 */
export function checkStatsdMapping(file: string): {
  readonly rules: number;
  readonly warnings: readonly string[];
} {
  const { rules, warnings } = mappingOf(file);
  return { rules: rules.length, warnings };
}

class GroupListener implements StatsdListener, PacketReader {
  /** Resolves after the first attempt to listen, or when another process listens. */
  readonly ready: Promise<void>;
  readonly #options: CheckedStatsdOptions;
  readonly #role: string;
  readonly #bridge: Bridge;
  readonly #metrics: SelfMetrics;
  readonly #inherited: InheritedSeriesList;
  readonly #timers: NodeJS.Timeout[];
  #mapping: Mapping;
  #sockets: { udp?: OpenSocket; tcp?: OpenSocket; unix?: OpenSocket; unixStream?: OpenSocket } = {};
  #isOpening = false;
  #isListening = false;
  #isClosed = false;
  #notBeforeMs = 0;
  #hasWarned = false;
  #gauges: ReadonlyMap<string, number> = new Map();
  #resolve: () => void = () => undefined;

  constructor(options: CheckedStatsdOptions) {
    this.#options = options;
    this.#mapping = mappingOf(options.mapping);
    this.#role = `.statsd-${addressOf(options).replace(/[^\w.:[\]-]/g, '_')}`;
    this.#metrics = new SelfMetrics(
      options.registry,
      () => this.#bridge.families.counts(),
      () => this.#mapping.rules.length,
      () => this.addresses.udp?.port,
    );
    const known = (name: string, labels: object): number | undefined => this.#gauges.get(keyOf(name, labels));
    this.#bridge = new Bridge(options.registry, this.#mapping, options.observerType, this.#metrics, known);
    this.#inherited = new InheritedSeriesList(options.registry, (name, labels) =>
      this.#bridge.families.expiryOf(name, labels),
    );
    this.ready = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#timers = [
      setInterval(() => void this.#takeRole(), roleMs),
      setInterval(() => this.#removeExpired(performance.now()), ttlCheckMs),
    ];
    for (const timer of this.#timers) timer.unref();
    void this.#takeRole();
  }

  get addresses(): { udp?: AddressInfo; tcp?: AddressInfo; unix?: string; unixStream?: string } {
    const { udp, tcp, unix, unixStream } = this.#sockets;
    return {
      ...(udp && { udp: udp.address as AddressInfo }),
      ...(tcp && { tcp: tcp.address as AddressInfo }),
      ...(unix && { unix: unix.address as string }),
      ...(unixStream && { unixStream: unixStream.address as string }),
    };
  }

  // biome-ignore lint/suspicious/useAwait: an error of the file is a rejection.
  async reload(): Promise<void> {
    try {
      this.#mapping = mappingOf(this.#options.mapping);
    } catch (error) {
      this.#metrics.add('config_reloads', { outcome: 'failure' });
      throw error;
    }
    this.#bridge.use(this.#mapping);
    this.#metrics.add('config_reloads', { outcome: 'success' });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#closeSockets();
    const store = currentStore();
    if (store.shared) store.resign(this.#role);
    this.#resolve();
  }

  packet(text: string): void {
    this.#bridge.packet(text);
  }

  tooLongLine(): void {
    this.#metrics.add('too_long_lines');
  }

  connected(): void {}

  #removeExpired(nowMs: number): void {
    this.#bridge.families.removeExpired(nowMs);
    void this.#inherited.removeExpired(nowMs);
  }

  async #takeRole(): Promise<void> {
    if (this.#isClosed || this.#isOpening) return;
    const store = currentStore();
    const leads = !store.shared || store.leads(this.#role);
    if (!leads) {
      if (this.#isListening) await this.#closeSockets();
      this.#resolve();
      return;
    }
    if (this.#isListening || performance.now() < this.#notBeforeMs) return;
    this.#isOpening = true;
    try {
      await this.#readGauges();
      const { rules, ttlSeconds } = this.#mapping;
      const ttls = [ttlSeconds, ...rules.map((rule) => rule.ttlSeconds)];
      await this.#inherited.read(ttls, performance.now()).catch(() => undefined);
      await this.#open();
      if (this.#isClosed) await this.#closeSockets();
    } catch (error) {
      await this.#closeSockets();
      this.#failed(error as NodeJS.ErrnoException);
    } finally {
      this.#isOpening = false;
      this.#resolve();
    }
  }

  async #open(): Promise<void> {
    const { host, port, udp, tcp, unix, unixStream, unixMode: mode } = this.#options;
    const failed = (): void => void this.#closeSockets();
    const counting = (name: string): PacketReader => ({
      packet: (text) => this.packet(text),
      tooLongLine: () => this.tooLongLine(),
      connected: () => this.#metrics.add(name),
    });
    const datagrams: PacketReader = {
      ...counting(''),
      packet: (text) => {
        this.#metrics.add('udp_packets');
        this.packet(text);
      },
    };
    if (udp) this.#sockets.udp = await openUdp(host, port, datagrams, failed);
    if (tcp !== undefined)
      this.#sockets.tcp = await openStream({ host, port: tcp }, counting('tcp_connections'), failed);
    if (unix !== undefined)
      this.#sockets.unix = openUnix(unix, mode, {
        packet: (text) => this.packet(text),
        counted: (packets, drops) => {
          this.#metrics.add('unixgram_packets', undefined, packets);
          this.#metrics.add('unixgram_packet_drops', undefined, drops);
        },
      });
    if (unixStream !== undefined) {
      const listen = { path: unixStream, mode };
      this.#sockets.unixStream = await openStream(listen, counting('unix_connections'), failed);
    }
    this.#isListening = true;
  }

  /** Relative gauges go on from the values that the process before has left. */
  async #readGauges(): Promise<void> {
    const store = currentStore();
    if (!store.shared) return;
    const scopes = this.#options.registry.scopes();
    const families = await store.families({ scopes, defaultLabels: false }).catch(() => []);
    this.#gauges = new Map(
      families
        .filter(({ type }) => type === 'gauge')
        .flatMap(({ name, values }) =>
          values.map(({ labels, value }) => [keyOf(name, labels), value] as const),
        ),
    );
  }

  async #closeSockets(): Promise<void> {
    const sockets = Object.values(this.#sockets);
    this.#sockets = {};
    this.#isListening = false;
    await Promise.all(sockets.map((socket) => socket.close()));
  }

  #failed({ code = '', message }: NodeJS.ErrnoException): void {
    this.#notBeforeMs = performance.now() + retryMs;
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    warn(badStatsdAddress(addressOf(this.#options), code || message));
  }
}

function addressOf({ host, port, udp, tcp, unix, unixStream }: CheckedStatsdOptions): string {
  const internet = udp || tcp !== undefined ? `${host.includes(':') ? `[${host}]` : host}:${port}` : '';
  return [internet, basename(unix ?? ''), basename(unixStream ?? '')].filter(Boolean).join('-');
}

function keyOf(name: string, labels: object): string {
  const entries = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([name, ...entries]);
}

function mappingOf(file: string | undefined): Mapping {
  if (file === undefined) return noMapping;
  const path = resolve(file);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadableMapping(path, (error as NodeJS.ErrnoException).code ?? '');
  }
  return readMapping(text, path);
}
