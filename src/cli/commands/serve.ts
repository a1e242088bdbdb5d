import { badOption, cannotListen } from '../../errors';
import { metricsHandler } from '../../http/metrics-handler';
import { Endpoint } from '../../http/server/endpoint';
import { addressText, serverAddress } from '../../http/server/server-options';
import { observeGroup } from '../../store/current';
import { groupHelp, groupOption, type Options } from '../command';
import { chooseGroup } from '../groups';
import { untilSignal } from '../signals';

export const summary: string = 'an exporter for a group, from outside its processes';

export const help: string = `Usage: prom-client-mmap serve [GROUP] [OPTIONS]

Serves the metrics of a group over HTTP, from this process: a sidecar for an application without a metrics server, or a look at one that
is hung, stopped or has crashed. It reads the files of the group and asks no process, unless --collect is given.

  /metrics        all processes merged, in every format that the scraper asks for; ?pid=PID shows one, ?name[]=NAME one family
  /targets        the living processes as targets, for http_sd_configs of Prometheus (docs/http.md)
  /               a live page of rates, latencies and processes, for people
  /healthz        200 while this command works. Whether the application lives is prom_client_mmap_processes of --self-metrics

${groupHelp}

Options:
  --host HOST        default 127.0.0.1; 0.0.0.0 for all
  --port PORT        default 9464; 0 for any free one
  --path PATH        of the metrics, default /metrics
  --socket PATH      a Unix socket in place of host and port
  --collect          each scrape asks the living processes to run their \`collect\` functions, and waits for 100 ms at most
  --open-metrics     offers OpenMetrics to scrapers that ask for it
  --self-metrics     adds the families about the group itself, prom_client_mmap_*
  --allow-shared-directory   reads a directory in which other users may write

It runs until SIGINT or SIGTERM. Exit code: 0; 1 if there is no such group, or the address is not to be had.

Example:
  $ npx prom-client-mmap serve /dev/shm/my-app --port 9465`;

export const options: Options = {
  ...groupOption,
  host: { type: 'string' },
  port: { type: 'string' },
  path: { type: 'string' },
  socket: { type: 'string' },
  collect: { type: 'boolean', default: false },
  'open-metrics': { type: 'boolean', default: false },
  'self-metrics': { type: 'boolean', default: false },
};

interface Values {
  readonly host?: string;
  readonly port?: string;
  readonly path?: string;
  readonly socket?: string;
  readonly collect: boolean;
  readonly 'open-metrics': boolean;
  readonly 'self-metrics': boolean;
  readonly 'allow-shared-directory': boolean;
}

/** As long as the application's own scrapes wait by default. */
const collectDeadlineMs = 100;

export async function run(values: Values, [group]: readonly string[]): Promise<void> {
  const { host, path, socket, collect } = values;
  const port = values.port === undefined ? undefined : portOf(values.port);
  const address = serverAddress({ host, port, path, socketPath: socket, page: true });
  const directory = await chooseGroup(group, 'serve', values);
  observeGroup(directory, {
    collectDeadlineMs: collect ? collectDeadlineMs : 0,
    selfMetrics: values['self-metrics'] ? 'all' : 'trouble',
    allowSharedDirectory: values['allow-shared-directory'],
  });
  const handler = metricsHandler({
    openMetrics: values['open-metrics'],
    log: (error) => console.error(`prom-client-mmap serve: ${error.message}`),
  });
  let endpoint: Endpoint | undefined;
  const listening = await new Promise<string>((resolve, reject) => {
    endpoint = new Endpoint(address, handler, {
      listening: (at) =>
        resolve(typeof at === 'string' ? at : addressText({ ...address, host: at.address, port: at.port })),
      failed: (error) => reject(cannotListen(addressText(address), error.code ?? error.message)),
    });
  }).catch(async (error: unknown) => {
    await endpoint?.close();
    throw error;
  });
  const url = socket === undefined ? `http://${listening}${address.path}` : `${listening}, ${address.path}`;
  console.log(`Serving ${directory} at ${url}`);
  await untilSignal();
  await endpoint?.close();
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port < 65_536) return port;
  throw badOption('--port', 'a whole number from 0 to 65535', text, 'correct it, or leave it out for 9464');
}
