import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { badOption, noServerAddress } from '../../errors';
import { livingPids, targetsOf } from '../../http/targets';
import { observeGroup } from '../../store/current';
import { groupHelp, groupOption, type Options } from '../command';
import { chooseGroup } from '../groups';
import { untilSignal } from '../signals';

export const summary: string = 'the living processes of a group as targets of Prometheus';

export const help: string = `Usage: prom-client-mmap targets [GROUP] [OPTIONS]

Lists each living process of a group as a target of its own, in the format of file_sd_configs and http_sd_configs of Prometheus. The
targets lead to the metrics server of the group, or to \`serve\`, which show one process for ?pid=. docs/http.md says when to want that
beside the merged target. A server answers /targets with the same list: prefer http_sd_configs where Prometheus can reach it.

${groupHelp}

Options:
  --address HOST:PORT   of the server as Prometheus reaches it; default: where the application's metrics server listens
  --path PATH           of the metrics, default /metrics
  --file_sd FILE        writes the list to this file, whole or not at all
  --watch               goes on, and writes again each second if the processes have changed; until SIGINT or SIGTERM
  --allow-shared-directory   reads a directory in which other users may write

Exit code: 0; 1 if there is no such group, or its server is not known.

Examples:
  $ npx prom-client-mmap targets --address 10.0.0.5:9464
  $ npx prom-client-mmap targets /dev/shm/my-app --file_sd /etc/prometheus/my-app.json --watch`;

export const options: Options = {
  ...groupOption,
  address: { type: 'string' },
  path: { type: 'string', default: '/metrics' },
  file_sd: { type: 'string' },
  watch: { type: 'boolean', default: false },
};

interface Values {
  readonly address?: string;
  readonly path: string;
  readonly file_sd?: string;
  readonly watch: boolean;
  readonly 'allow-shared-directory': boolean;
}

const watchMs = 1000;

export async function run(values: Values, [group]: readonly string[]): Promise<void> {
  const { path, file_sd: file, watch } = values;
  const address = values.address === undefined ? undefined : checkedAddress(values.address);
  if (watch && file === undefined) throw badOption('--watch', 'together with --file_sd', true, 'name a file');
  const directory = await chooseGroup(group, 'targets', values);
  observeGroup(directory, { allowSharedDirectory: values['allow-shared-directory'] });
  const list = async (): Promise<string> => {
    const targets = targetsOf(await livingPids(), address ?? serverOf(directory), path);
    return `${JSON.stringify(targets, undefined, 2)}\n`;
  };
  let written = await list();
  if (file === undefined) {
    process.stdout.write(written);
    return;
  }
  replaceFile(file, written);
  if (!watch) return;
  const timer = setInterval(() => {
    list()
      .then((next) => {
        if (next === written) return;
        replaceFile(file, next);
        written = next;
      })
      .catch((error: Error) => console.error(`prom-client-mmap targets: ${error.message}`));
  }, watchMs);
  await untilSignal();
  clearInterval(timer);
}

/** Prometheus reads the file when it changes, and must not read a half of it. */
function replaceFile(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Where the application's metrics server listens, as it has noted that in the directory. */
function serverOf(directory: string): string {
  for (const name of readdirSync(directory).filter((name) => name.startsWith('.server-'))) {
    try {
      const { address, port } = JSON.parse(readFileSync(join(directory, name), 'utf8')) as {
        readonly address: string;
        readonly port: number;
      };
      if (address !== undefined) return `${address.includes(':') ? `[${address}]` : address}:${port}`;
    } catch {
      // It is empty: no process serves at this address now.
    }
  }
  throw noServerAddress(directory);
}

function checkedAddress(text: string): string {
  if (/^(\[[\da-fA-F:.]+\]|[\w.-]+):\d{1,5}$/.test(text)) return text;
  throw badOption('--address', 'HOST:PORT', text, 'as in --address 10.0.0.5:9464');
}
