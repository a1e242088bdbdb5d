import { resolve } from 'node:path';
import { badOption } from '../../errors';
import { startMetricsServer } from '../../http/server/metrics-server';
import { checkStatsdMapping, listenStatsd } from '../../statsd';
import { configure } from '../../store/current';
import type { Options } from '../command';
import { untilSignal } from '../signals';

export const summary: string = 'counts statsd and DogStatsD samples of any program, and serves them';

export const help: string = `Usage: prom-client-mmap statsd [OPTIONS]

Listens for statsd and DogStatsD samples by UDP and TCP, as statsd_exporter does, and serves the metrics. With --dir it counts into the
group of an application, whose own /metrics shows the samples then; other than the other commands it owns a segment. Timers are seconds,
and are histograms unless the mapping says otherwise. docs/statsd.md has the rules, and the way from statsd_exporter.

Options:
  --host HOST             default 127.0.0.1; 0.0.0.0 for all
  --port PORT             of UDP and TCP, default 9125; 0 for any free one
  --no-tcp                only UDP
  --unix PATH             also a Unix socket of datagrams
  --unix-stream PATH      also a Unix socket of connections
  --unix-mode MODE        the rights of their files, default 660
  --mapping FILE          a mapping file of statsd_exporter; it is read again at SIGHUP
  --check                 checks the mapping file, and ends
  --observer-type TYPE    histogram (default) or summary
  --dir DIRECTORY         counts into this group, and starts no server unless --metrics-port is given
  --metrics-host HOST     of the metrics server, default 127.0.0.1
  --metrics-port PORT     default 9102; 0 for any free one

It runs until SIGINT or SIGTERM. Exit code: 0; 1 for a mapping file with a mistake, or an address that is not to be had; 2 for a wrong option.

Examples:
  $ npx prom-client-mmap statsd --mapping statsd.yml
  $ npx prom-client-mmap statsd --mapping statsd.yml --check
  $ npx prom-client-mmap statsd --dir /dev/shm/my-app --host 0.0.0.0`;

export const options: Options = {
  host: { type: 'string' },
  port: { type: 'string' },
  'no-tcp': { type: 'boolean', default: false },
  unix: { type: 'string' },
  'unix-stream': { type: 'string' },
  'unix-mode': { type: 'string' },
  mapping: { type: 'string' },
  check: { type: 'boolean', default: false },
  'observer-type': { type: 'string' },
  dir: { type: 'string' },
  'metrics-host': { type: 'string' },
  'metrics-port': { type: 'string' },
};

interface Values {
  readonly host?: string;
  readonly port?: string;
  readonly 'no-tcp': boolean;
  readonly unix?: string;
  readonly 'unix-stream'?: string;
  readonly 'unix-mode'?: string;
  readonly mapping?: string;
  readonly check: boolean;
  readonly 'observer-type'?: 'histogram' | 'summary';
  readonly dir?: string;
  readonly 'metrics-host'?: string;
  readonly 'metrics-port'?: string;
}

export async function run(values: Values): Promise<number> {
  const { host, unix, mapping, dir } = values;
  if (values.check) return check(mapping);
  if (dir !== undefined) configure({ dir: resolve(dir) });
  const port = portOf('--port', values.port);
  const metricsPort =
    portOf('--metrics-port', values['metrics-port']) ?? (dir === undefined ? 9102 : undefined);
  const observerType = values['observer-type'];
  const unixStream = values['unix-stream'];
  const unixMode = modeOf(values['unix-mode']);
  const tcp = !values['no-tcp'];
  const listener = await listenStatsd({ host, port, tcp, unix, unixStream, unixMode, mapping, observerType });
  const { udp } = listener.addresses;
  if (udp === undefined) {
    await listener.close();
    return 1; // the warning says why
  }
  console.log(`Listening for statsd at ${udp.address}:${udp.port}`);
  const server =
    metricsPort === undefined
      ? undefined
      : await startMetricsServer({ host: values['metrics-host'], port: metricsPort });
  if (typeof server?.address === 'object')
    console.log(`Serving metrics at http://${server.address.address}:${server.address.port}/metrics`);
  process.on('SIGHUP', () => {
    listener.reload().then(
      () => console.log('The mapping was read again.'),
      (error: Error) => console.error(`prom-client-mmap statsd: ${error.message}`),
    );
  });
  await untilSignal();
  await Promise.all([listener.close(), server?.close()]);
  return 0;
}

function check(mapping: string | undefined): number {
  if (mapping === undefined) throw badOption('--check', 'together with --mapping', true, 'name a file');
  const { rules, warnings } = checkStatsdMapping(mapping);
  for (const warning of warnings) console.error(`warning: ${warning}`);
  console.log(`${mapping}: ${rules} ${rules === 1 ? 'rule' : 'rules'}, no mistake`);
  return 0;
}

function modeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^0?[0-7]{3}$/.test(text)) return Number.parseInt(text, 8);
  throw badOption('--unix-mode', 'three octal digits', text, 'such as --unix-mode 666');
}

function portOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (/^\d+$/.test(text) && port < 65_536) return port;
  throw badOption(option, 'a whole number from 0 to 65535', text, 'correct it, or leave it out');
}
