import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sendUdp } from '../statsd/support';
import { freePort } from '../third-party/free-port';
import { blocks, commands, root } from './blocks';
import { Running, userProject } from './shell';

const mapping = blocks.find(({ document, language }) => document === 'docs/statsd.md' && language === 'yaml');

const project = userProject({
  'app.js': `
    const { createServer } = require('node:http');
    const { metrics } = require('@opentelemetry/api');
    const { Counter, register } = require('prom-client');
    new Counter({ name: 'orders_total', help: 'h' }).inc(2);
    metrics.getMeter('app').createCounter('sales').add(3);
    createServer(async (request, response) => response.end(await register.metrics())).listen(Number(process.env.PORT));
  `,
  'app.mjs': `
    import { Counter, register } from 'prom-client-mmap';
    new Counter({ name: 'orders_total', help: 'h' }).inc(2);
    console.log(await register.metrics());
  `,
  'counting.js': `
    const { Counter } = require('prom-client-mmap');
    new Counter({ name: 'orders_total', help: 'h' }).inc(2);
    setInterval(() => undefined, 1000);
    console.log('counts');
  `,
  'statsd.yml': mapping?.text ?? '',
});
const group = join(project.directory, 'my-app');

type Run = (text: string) => Promise<void>;

/** What a command of a document must do here. */
const here: Readonly<Record<string, Run>> = {
  'npx prom-client-mmap': async (text) => {
    expect(await new Running(project, text).ended(2)).toMatch(/^ {2}list +the groups/m);
  },
  'npx prom-client-mmap dump --help': prints(/--per-process/),
  'npx prom-client-mmap dump --format openmetrics2': ofGroup(/^orders_total 2(\.0)? st@/m),
  'npx prom-client-mmap list': async (text) => {
    await counting();
    expect(await new Running(project, text).ended()).toMatch(/^counting\.js +running/m);
  },
  'npx prom-client-mmap check': ofGroup(/^Nothing is wrong\.$/m),
  'npx prom-client-mmap check /dev/shm/my-app': ofGroup(/^Nothing is wrong\.$/m),
  'npx prom-client-mmap doctor': prints(/shares its metrics\.$/m),
  'npx prom-client-mmap dump > last.txt': async (text) => {
    await counting();
    await new Running(project, text.replace('>', `${group} >`)).ended();
    expect(readFileSync(join(project.directory, 'last.txt'), 'utf8')).toMatch(/^orders_total 2$/m);
  },
  'npx prom-client-mmap top': ofGroup(/orders_total/),
  'npx prom-client-mmap clean': async (text) => {
    await (await counting()).end();
    expect(existsSync(group)).toBe(true);
    await new Running(project, `${text} ${group} --yes`).ended();
    expect(existsSync(group)).toBe(false);
  },
  'npx prom-client-mmap serve': serves,
  'npx prom-client-mmap serve --host 0.0.0.0': serves,
  'npx prom-client-mmap targets --file_sd FILE --watch': async (text) => {
    await counting();
    const file = join(project.directory, 'targets.json');
    const command = `${text.replace('FILE', file)} ${group} --address 127.0.0.1:9464`;
    await new Running(project, command).writes(file, /"127\.0\.0\.1:9464"/);
  },
  'npx prom-client-mmap statsd --mapping statsd.yml': statsd(
    /^worker_steps_total\{result="ok",worker="a"\} 1$/m,
  ),
  'npx prom-client-mmap statsd --dir /dev/shm/my-app': statsd(/^shop_worker_a_ok(_total)? 1$/m),
  'npx prom-client-mmap statsd --mapping FILE --check': async (text) => {
    await new Running(project, text.replace('FILE', 'statsd.yml')).ended();
  },
  'node --import prom-client-mmap/register app.js': async (text) => {
    const port = await freePort();
    const env = { PORT: `${port}` };
    await new Running(project, text, env).serves(`http://127.0.0.1:${port}/`, /^orders_total 2$/m);
  },
  'node --import prom-client-mmap/auto app.js': async (text) => {
    await preloaded(text, /^http_requests_total\{.*\} [1-9]/m);
  },
  'curl 127.0.0.1:9464/healthz': curl(/./),
  'curl 127.0.0.1:9464/metrics': curl(/^prom_client_mmap_owners\{state="live"\} 1$/m),
  'node --import prom-client-mmap/opentelemetry/register app.js': async (text) => {
    const [PORT, OTEL_EXPORTER_PROMETHEUS_PORT] = [`${await freePort()}`, `${await freePort()}`];
    const program = text.replace('app.js', 'serving.js');
    project.write(
      'serving.js',
      `require('prom-client-mmap/http').startMetricsServer(); require('./app.js');`,
    );
    const app = new Running(project, program, { PORT, OTEL_EXPORTER_PROMETHEUS_PORT });
    const url = `http://127.0.0.1:${OTEL_EXPORTER_PROMETHEUS_PORT}/metrics`;
    await app.serves(url, /^sales_total\{otel_scope_name="app"\} 3$/m);
  },
  'curl --request POST 127.0.0.1:9090/api/v1/admin/tsdb/snapshot': async (text) => {
    await snapshot(text);
  },
  'promtool tsdb analyze DATA_DIRECTORY/snapshots/NAME': async (text) => {
    const name = await snapshot('curl --request POST 127.0.0.1:9090/api/v1/admin/tsdb/snapshot');
    const command = text.replace('DATA_DIRECTORY', 'data').replace('NAME', name);
    expect(await new Running(project, command).ended()).toMatch(/^Highest cardinality metric names:$/m);
  },
};
for (const { text } of commands) {
  if (!text.startsWith('esbuild ')) continue;
  Object.assign(here, {
    [text]: async () => {
      await new Running(project, text).ended();
      const env = { PROM_CLIENT_MMAP_DIR: group };
      expect(await new Running(project, 'node dist/app.mjs', env).ended()).toMatch(/^orders_total 2$/m);
    },
  });
}

/** Commands that another test runs: the file, and what it says of the command. */
const elsewhere: Readonly<Record<string, readonly [file: string, text: string]>> = {
  'npm run demo': ['test/demo.test.ts', "'demo.mjs'"],
  'npm run demo:outage': ['test/outage.test.ts', "'outage.mjs'"],
  'npm pack': ['test/adoption/install.test.ts', "npm(root, 'pack'"],
  'npm install prom-client-mmap': ['test/adoption/install.test.ts', "npm(directory, 'install'"],
  'npx prom-client-mmap build': ['test/adoption/missing-addon.test.ts', "'build'"],
  'kubectl apply --kustomize deploy/kubernetes/base': [
    'test/deploy/kubernetes.test.ts',
    "kustomized('base')",
  ],
  'kubectl apply --kustomize deploy/kubernetes/podmonitor': [
    'test/deploy/kubernetes.test.ts',
    "kustomized('podmonitor')",
  ],
  'kubectl kustomize': ['test/deploy/kubernetes.test.ts', "['kustomize'"],
  'docker compose --file deploy/docker/compose.yml up': ['test/deploy/container.test.ts', "'docker-compose'"],
  'systemctl enable --now shop@8001 shop@8002': ['test/deploy/systemd.test.ts', 'ExecStart'],
  'pm2 start deploy/pm2/ecosystem.config.cjs': ['test/deploy/pm2.test.ts', "pm2('start', ecosystem)"],
  'pm2 reload shop': ['test/deploy/pm2.test.ts', "pm2('reload', 'shop')"],
  'promtool check config /etc/prometheus/prometheus.yml': [
    'test/deploy/prometheus.test.ts',
    "'check', 'config'",
  ],
  'amtool check-config /etc/prometheus/alertmanager.yml': [
    'test/deploy/alertmanager.test.ts',
    "'check-config'",
  ],
  'promtool test rules deploy/prometheus/tests/*.yml': ['test/deploy/prometheus.test.ts', "'test', 'rules'"],
  'node deploy/grafana/generate.mjs': ['test/deploy/dashboards.test.ts', "'generate.mjs'"],
  'node --import prom-client-mmap/auto server.mjs': ['test/deploy/shop.ts', "'server.mjs'"],
  'bun --preload prom-client-mmap/register app.ts': ['test/third-party/bun.test.ts', "'--preload'"],
  'bun --preload prom-client-mmap/auto app.js': ['test/auto/auto.test.ts', "'--preload'"],
  'deno run -A --preload ./node_modules/prom-client-mmap/dist/auto/index.js app.js': [
    'test/auto/auto.test.ts',
    './node_modules/prom-client-mmap/dist/auto/index.js',
  ],
  'bun test': ['test/third-party/runtime-test-runners.test.ts', "['test']"],
  'deno test': ['test/third-party/runtime-test-runners.test.ts', "'test', '--allow-all'"],
  'node --test': ['test/adoption/test-runners.test.ts', "'--test'"],
  'node --watch': ['test/auto/auto.test.ts', "'--watch'"],
};

/** Commands that no test runs, and why. */
const notRun: Readonly<Record<string, string>> = {
  'npm test': 'it is what runs this',
  'npm install --prefix deploy/shop':
    'it needs the package in a registry; install.test.ts installs the tarball',
  'docker build --file deploy/docker/Dockerfile --tag registry.example.com/shop:1 deploy/shop':
    'it needs a Docker engine',
  'docker push registry.example.com/shop:1': 'likewise',
  'yarn node -r prom-client-mmap/auto app.js': 'it needs an application that Yarn has installed with PnP',
  'useradd --system shop': 'it changes the machine',
  'cp -r deploy/prometheus/prometheus.yml deploy/prometheus/rules /etc/prometheus/': 'likewise',
  'cp deploy/alertmanager/alertmanager.yml /etc/prometheus/': 'likewise',
  'systemctl reload prometheus prometheus-alertmanager': 'it needs systemd as the first process',
  'cp deploy/systemd/shop@.service /etc/systemd/system/': 'likewise',
  'systemctl daemon-reload': 'it needs systemd as the first process',
  'kubectl exec POD -- npx prom-client-mmap list':
    'it needs a cluster; the command in the container is run here',
  'npm start': 'the word of an application for itself',
  'npm publish': 'it would publish',
  'npm run bench': 'it needs a quiet machine for 25 minutes; bench.test.ts runs its parts',
  'node bench/statsd.mjs': 'it needs a quiet machine',
  'npm run soak': 'half an hour',
  'npm run test:load -- --times 20 --load 8': 'hours',
  'npm run matrix': '20 minutes, and 2 GB of packages',
  'npm run prebuild': 'it is a step of a release: a compiler of 350 MB',
  'npm run targets': 'a step of .ci/run beside the tests',
  'npm run test:arm64': 'likewise',
  'node scripts/screenshots.mjs': 'it writes the pictures of docs/',
  'bun build': 'npm run matrix runs it',
  'docker exec shop npx prom-client-mmap doctor':
    'it needs a Docker engine; the command in the container is run here',
};

/** A document may name the beginning of a command, and `npm run` with options of the script. */
const isIn = (table: object, text: string): boolean =>
  Object.keys(table).some(
    (key) => key === text || key.startsWith(`${text} `) || text.startsWith(`${key} -- `),
  );

test('every command of the documents is run here or elsewhere, or there is a reason why not', () => {
  expect(commands.length).toBeGreaterThan(40);
  expect(
    commands.filter(({ text }) => ![here, elsewhere, notRun].some((table) => isIn(table, text))),
  ).toEqual([]);
});

test('the tables have no command that no document names', () => {
  const named = new Set(commands.map(({ text }) => text));
  expect(Object.keys({ ...here, ...elsewhere, ...notRun }).filter((text) => !named.has(text))).toEqual([]);
});

test.each(Object.entries(elsewhere))('`%s` is run by another test', (_, [file, text]) => {
  expect(readFileSync(join(root, file), 'utf8')).toContain(text);
});

/** Programs of Debian's packages that are not installed. */
const missing = ['prometheus', 'promtool', 'curl'].filter(
  (program) => spawnSync('which', [program]).status !== 0,
);
const needed = (text: string): string[] => {
  if (/tsdb/.test(text)) return ['prometheus', 'promtool', 'curl'];
  return text.split(' ', 1);
};
const canRun = ([text]: readonly [string, Run]): boolean =>
  !needed(text).some((program) => missing.includes(program));

test.each(Object.entries(here).filter(canRun))('`%s` does what its document says', (text, run) => run(text));

/** A command that ends by itself and prints something. */
function prints(expected: RegExp): Run {
  return async (text) => {
    expect(await new Running(project, text).ended()).toMatch(expected);
  };
}

/** The same of a command that looks at a group: there are others on this machine, so it is told which one. */
function ofGroup(expected: RegExp): Run {
  return async (text) => {
    await counting();
    const command = `${text.replace(' /dev/shm/my-app', '')} ${group}`;
    expect(await new Running(project, command).ended()).toMatch(expected);
  };
}

/** Starts an application whose group is `group`. */
async function counting(): Promise<Running> {
  const app = new Running(project, 'node counting.js', { PROMETHEUS_MULTIPROC_DIR: group });
  await app.prints(/counts/);
  return app;
}

async function serves(text: string): Promise<void> {
  await counting();
  const port = await freePort();
  const serving = new Running(project, `${text} ${group} --port ${port}`);
  await serving.serves(`http://127.0.0.1:${port}/metrics`, /^orders_total 2$/m);
}

/** Starts a Prometheus that scrapes itself, and takes a snapshot of its data. The name of the snapshot. */
async function snapshot(command: string): Promise<string> {
  const address = `127.0.0.1:${await freePort()}`;
  const scrape_configs = [{ job_name: 'own', static_configs: [{ targets: [address] }] }];
  project.write('own.yml', JSON.stringify({ global: { scrape_interval: '1s' }, scrape_configs }));
  const options = `--config.file=own.yml --storage.tsdb.path=data --web.listen-address=${address}`;
  const prometheus = new Running(project, `prometheus ${options} --web.enable-admin-api`);
  await prometheus.serves(`http://${address}/api/v1/query?query=prometheus_build_info`, /"result":\[\{/);
  const answer = await new Running(project, `${command.replace('127.0.0.1:9090', address)} --silent`).ended();
  const { status, data } = JSON.parse(answer);
  expect(status).toBe('success');
  await prometheus.end();
  return data.name;
}

function curl(expected: RegExp): Run {
  return async (text) => {
    const port = await preloaded('node --import prom-client-mmap/auto app.js', /./);
    expect(await new Running(project, `${text.replace('9464', port)} --fail`).ended()).toMatch(expected);
  };
}

/** Starts an application with the preload `auto`, and requests its page. The port of its metrics. */
async function preloaded(command: string, expected: RegExp): Promise<string> {
  const [PORT, PROM_CLIENT_MMAP_PORT] = [`${await freePort()}`, `${await freePort()}`];
  const env = { PORT, PROM_CLIENT_MMAP_PORT, PROM_CLIENT_MMAP_SELF_METRICS: 'all' };
  const app = new Running(project, command, env);
  await app.serves(`http://127.0.0.1:${PORT}/`, /orders_total/);
  await app.serves(`http://127.0.0.1:${PROM_CLIENT_MMAP_PORT}/metrics`, expected);
  return PROM_CLIENT_MMAP_PORT;
}

/** The same of a listener, at ports of this test. */
function statsd(expected: RegExp): Run {
  return async (text) => {
    const [port, metricsPort] = [await freePort(), await freePort()];
    const command = text.replace('/dev/shm/my-app', group);
    const listening = new Running(project, `${command} --port ${port} --metrics-port ${metricsPort}`);
    await listening.serves(`http://127.0.0.1:${metricsPort}/metrics`, /prom_client_mmap_statsd_/);
    await sendUdp(port, ['shop.worker.a.ok:1|c']);
    await listening.serves(`http://127.0.0.1:${metricsPort}/metrics`, expected);
  };
}
