import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { hasPrometheus, missingPrometheus, Prometheus } from '../cli/support/prometheus';
import { newDirectory } from '../multiprocess/support/directories';
import { startShop } from './shop';

const folder = join(__dirname, '..', '..', 'deploy', 'prometheus');
const filesIn = (name: string): string[] =>
  readdirSync(join(folder, name)).filter((file) => file.endsWith('.yml'));
const read = <T>(file: string): T => parse(readFileSync(join(folder, file), 'utf8')) as T;
const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

interface Rule {
  readonly alert?: string;
  readonly annotations?: { readonly runbook?: string };
}

interface RuleTests {
  readonly tests: readonly {
    readonly alert_rule_test?: readonly { readonly alertname: string; readonly exp_alerts: unknown[] }[];
  }[];
}

const alertRules = read<{ groups: { rules: Rule[] }[] }>('rules/alerts.yml').groups.flatMap(
  ({ rules }) => rules,
);
const alerts = alertRules.map(({ alert = '' }) => alert);

describe.skipIf(!hasPromtool)('promtool (Debian: apt-get install prometheus)', () => {
  test.each(filesIn('.'))('accepts the configuration %s and its rules', (file) => {
    expect(promtool('check', 'config', withoutKubernetes(file))).toContain('SUCCESS');
  });

  test.each(filesIn('rules'))('accepts the rules %s', (file) => {
    expect(promtool('check', 'rules', '--lint=all', '--lint-fatal', join(folder, 'rules', file))).toContain(
      'SUCCESS',
    );
  });

  test.each(filesIn('tests'))('finds that the rules do as tests/%s says', (file) => {
    expect(promtool('test', 'rules', join(folder, 'tests', file))).toContain('SUCCESS');
  });
});

test('of each alert, tests say when it fires and when it does not', () => {
  const said = filesIn('tests')
    .flatMap((file) => read<RuleTests>(`tests/${file}`).tests)
    .flatMap(({ alert_rule_test = [] }) => alert_rule_test);
  const alertsThat = (fire: boolean): Set<string> =>
    new Set(said.filter((one) => one.exp_alerts.length > 0 === fire).map((one) => one.alertname));

  expect(alerts.length).toBeGreaterThan(12);
  expect(alertsThat(true)).toEqual(new Set(alerts));
  expect(alertsThat(false)).toEqual(new Set(alerts));
});

test('each alert leads to its section of docs/runbook.md, and each section is of an alert', () => {
  const page = readFileSync(join(folder, '..', '..', 'docs', 'runbook.md'), 'utf8');
  const titles = [...page.matchAll(/^## (.*)$/gm)].map(([, title = '']) => title);
  const sectionOf = (alert: string): string =>
    titles.find((title) => title.split(', ').includes(alert)) ?? '(none)';
  const anchor = (title: string): string => title.toLowerCase().replace(', ', '-');

  expect(alertRules.map(({ annotations }) => annotations?.runbook)).toEqual(
    alerts.map((alert) => `docs/runbook.md#${anchor(sectionOf(alert))}`),
  );
  expect(new Set(titles.flatMap((title) => title.split(', ')))).toEqual(new Set(alerts));
});

test('the rules are about metrics that an application has', async () => {
  const text = filesIn('rules')
    .map((file) => readFileSync(join(folder, 'rules', file), 'utf8').replace(/^ *#.*$/gm, ''))
    .join('\n');
  const named = new Set(text.match(/(?<![\w:])(?:prom_client_mmap|nodejs|process|http)_\w+(?=[\s{[)])/g));
  const shop = await startShop();
  await fetch(`http://${shop.address}/cart`);
  const exposition = await (await fetch(`http://${shop.metrics}/metrics`)).text();

  expect(named.size).toBeGreaterThan(10);
  const missing = [...named].filter((name) => !new RegExp(`^${name}[ {]`, 'm').test(exposition));
  // The one is there while a file is skipped; the other has no suffix where it is a native histogram.
  expect(new Set(missing)).toEqual(
    new Set(['http_request_duration_seconds', 'prom_client_mmap_skipped_files']),
  );
  expect(exposition).toContain('# TYPE http_request_duration_seconds histogram');
});

test('a pod is scraped at the port and the path of its annotations, and one without them is not', async ({
  skip,
}) => {
  if (!hasPrometheus()) return skip(missingPrometheus);
  const port = await servePod('/internal/metrics');
  const meta = '__meta_kubernetes_';
  const pod = (name: string, annotations: object): object => ({
    // As the discovery has it: the address with the port of the container.
    targets: ['127.0.0.1:8000'],
    labels: {
      [`${meta}pod_name`]: name,
      [`${meta}namespace`]: 'shops',
      [`${meta}pod_ip`]: '127.0.0.1',
      [`${meta}pod_phase`]: 'Running',
      [`${meta}pod_label_app_kubernetes_io_name`]: 'shop',
      ...annotations,
    },
  });
  const annotation = `${meta}pod_annotation_prometheus_io_`;
  const annotated = {
    [`${annotation}scrape`]: 'true',
    [`${annotation}port`]: `${port}`,
    [`${annotation}path`]: '/internal/metrics',
  };
  const [job] = read<{ scrape_configs: { relabel_configs: object[] }[] }>(
    'pod-annotations.yml',
  ).scrape_configs;
  const prometheus = await Prometheus.start([
    {
      job_name: 'pods',
      relabel_configs: job?.relabel_configs,
      static_configs: [
        pod('annotated', annotated),
        pod('other', {}),
        pod('ended', { ...annotated, [`${meta}pod_phase`]: 'Succeeded' }),
      ],
    },
  ]);

  await expect.poll(() => prometheus.query('up == 1')).toHaveLength(1);
  expect(await prometheus.query('up')).toEqual([
    {
      metric: {
        __name__: 'up',
        instance: `127.0.0.1:${port}`,
        job: 'shop',
        namespace: 'shops',
        pod: 'annotated',
      },
      value: 1,
    },
  ]);
});

function promtool(...args: readonly string[]): string {
  const { stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  const output = `${stdout}${stderr}`;
  expect(output).not.toContain('FAILED');
  return output;
}

/** Debian's Prometheus is built without the discovery of Kubernetes; the rest of the file is checked. */
function withoutKubernetes(file: string): string {
  const config = read<{ scrape_configs: { kubernetes_sd_configs?: object[] }[] }>(file);
  if (config.scrape_configs.every((job) => job.kubernetes_sd_configs === undefined))
    return join(folder, file);
  for (const job of config.scrape_configs) {
    expect(job.kubernetes_sd_configs).toEqual([{ role: 'pod' }]);
    delete job.kubernetes_sd_configs;
  }
  const copy = join(newDirectory(), file);
  writeFileSync(copy, JSON.stringify(config)); // JSON is YAML.
  return copy;
}

async function servePod(path: string): Promise<number> {
  const server = createServer((request, response) => {
    response.writeHead(request.url === path ? 200 : 404).end('pods_total 1\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
