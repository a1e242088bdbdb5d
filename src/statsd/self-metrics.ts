import { readFileSync } from 'node:fs';
import { Counter } from '../metrics/counter';
import { Gauge } from '../metrics/gauge';
import type { Registry } from '../registry/registry';
import type { Counts, EventError, EventType, SampleError } from './counts';

const prefix = 'prom_client_mmap_statsd_';

/** The metrics about a listener itself, with the names of statsd_exporter behind another prefix. */
export class SelfMetrics implements Counts {
  readonly #registry: Registry;
  readonly #counters = new Map<string, Counter>();
  #drops = 0;

  /** `families` tells how many families of each type there are, `mappings` how many rules, `udpPort` where this process listens. */
  constructor(
    registry: Registry,
    families: () => Readonly<Record<string, number>>,
    mappings: () => number,
    udpPort: () => number | undefined,
  ) {
    this.#registry = registry;
    const known = this.#counters;
    const counter = (name: string, help: string, labelNames: readonly string[] = []): void => {
      const config = {
        name: `${prefix}${name}_total`,
        help,
        labelNames: [...labelNames],
        registers: [registry],
      };
      known.set(name, Counter.getOrCreate(config));
    };
    counter('lines', 'Lines that were received.');
    counter('samples', 'Samples in these lines.');
    counter('sample_errors', 'Samples and lines that are no statsd, by reason.', ['reason']);
    counter('tags', 'Samples with tags.');
    counter('tag_errors', 'Tags without a name or a value.');
    counter('events', 'Events that were counted.', ['type']);
    counter('events_unmapped', 'Events for which the mapping has no rule.');
    counter('events_conflict', 'Events whose name a family of another type has.', ['type']);
    counter('events_error', 'Events that could not be counted, by reason.', ['reason']);
    counter('events_actions', 'Events with a rule, by its action.', ['action']);
    counter('udp_packets', 'Datagrams that were received.');
    counter('tcp_connections', 'Connections by TCP.');
    counter('unixgram_packets', 'Datagrams that were received by a Unix socket.');
    counter(
      'unixgram_packet_drops',
      'Datagrams of a Unix socket that were lost: longer than 64 KiB, or more than were read.',
    );
    counter('unix_connections', 'Connections by a Unix socket.');
    counter('too_long_lines', 'Connections that were closed because of a line without an end.');
    counter('config_reloads', 'Readings of the mapping file after the first one.', ['outcome']);
    this.#gauge('metrics', 'Families that events have made, by type.', (gauge) => {
      for (const [type, count] of Object.entries(families())) gauge.set({ type }, count);
    });
    this.#gauge('loaded_mappings', 'Rules of the mapping.', (gauge) => gauge.set(mappings()));
    const self = this;
    Counter.getOrCreate({
      name: `${prefix}udp_packet_drops_total`,
      help: 'Datagrams that the system dropped because its buffer was full: they were sent faster than they were read.',
      registers: [registry],
      collect() {
        this.inc(self.#newDrops(udpPort()));
      },
    });
  }

  lines(): void {
    this.add('lines');
  }
  samples(): void {
    this.add('samples');
  }
  sampleErrors(reason: SampleError): void {
    this.add('sample_errors', { reason });
  }
  tags(): void {
    this.add('tags');
  }
  tagErrors(): void {
    this.add('tag_errors');
  }
  events(type: EventType): void {
    this.add('events', { type });
  }
  eventsUnmapped(): void {
    this.add('events_unmapped');
  }
  eventsConflict(type: EventType): void {
    this.add('events_conflict', { type });
  }
  eventsError(reason: EventError): void {
    this.add('events_error', { reason });
  }
  eventsActions(action: 'map' | 'drop'): void {
    this.add('events_actions', { action });
  }

  add(name: string, labels?: Readonly<Record<string, string>>, count = 1): void {
    const counter = this.#counters.get(name);
    if (labels === undefined) counter?.inc(count);
    else counter?.inc(labels, count);
  }

  #gauge(name: string, help: string, collect: (gauge: Pick<Gauge, 'set'>) => void): void {
    Gauge.getOrCreate({
      name: prefix + name,
      help,
      labelNames: name === 'metrics' ? ['type'] : [],
      registers: [this.#registry],
      collect() {
        collect(this);
      },
      aggregator: 'max',
    });
  }

  /** Since the last call. The count of the system begins at 0 with each socket. */
  #newDrops(port: number | undefined): number {
    const drops = port === undefined ? 0 : kernelDrops(port);
    const added = drops >= this.#drops ? drops - this.#drops : drops;
    this.#drops = drops;
    return added;
  }
}

/** The datagrams that Linux has dropped for the sockets of a port; 0 where it does not tell. */
function kernelDrops(port: number): number {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  let drops = 0;
  for (const file of ['/proc/net/udp', '/proc/net/udp6']) {
    for (const line of textOf(file).split('\n')) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(`:${hex}`)) drops += Number(fields.at(-1)) || 0;
    }
  }
  return drops;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
