import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { hasPrometheus, missingPrometheus, Prometheus } from '../cli/support/prometheus';
import { blocks } from '../documents/blocks';
import { newDirectory } from '../multiprocess/support/directories';
import { dashboard11159 } from './dashboard-11159';
import { type Shop, shopAround, startShop } from './shop';

const deploy = join(__dirname, '..', '..', 'deploy');
const dashboards = join(deploy, 'grafana', 'dashboards');
const names = readdirSync(dashboards);

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

test('the dashboards are those that deploy/grafana/generate.mjs makes', () => {
  const directory = newDirectory();
  execFileSync(process.execPath, [join(deploy, 'grafana', 'generate.mjs'), directory]);

  expect(readdirSync(directory)).toEqual(names);
  for (const name of names) {
    expect(readFileSync(join(directory, name), 'utf8'), name).toBe(
      readFileSync(join(dashboards, name), 'utf8'),
    );
  }
});

test('a panel has an id of its own, and no dashboard that of another', () => {
  const all = names.map((name) => JSON.parse(readFileSync(join(dashboards, name), 'utf8')));

  expect(new Set(all.map(({ uid }) => uid)).size).toBe(names.length);
  for (const { panels } of all) {
    expect(new Set(panels.map(({ id }: { id: number }) => id)).size).toBe(panels.length);
  }
});

describe.skipIf(!hasPrometheus())(`queries of a cluster under load (${missingPrometheus})`, () => {
  test('each panel has data, also those of the public dashboard 11159, and so has each recording rule', async () => {
    const [shop, idle] = await Promise.all([startShop(), startShop()]);
    shopAround(shop);
    const [classic, native] = await Promise.all([
      Prometheus.start(jobsOf(shop), { ruleFiles: [rules('http'), rules('durations')] }),
      Prometheus.start([...jobsOf(shop), { ...jobsOf(idle)[0], job_name: 'idle' }], {
        features: ['native-histograms'],
        ruleFiles: [rules('http'), rules('durations-native')],
      }),
    ]);
    const prometheusOf = (name: string): Prometheus => (name.includes('native') ? native : classic);
    // The primary is a process of the group, too, and the shop does not survive its death.
    const workers = `up{pid!="",pid!="${shop.child.pid}"} == 1`;
    await expect.poll(() => classic.query(workers)).not.toEqual([]);
    // Start times are whole seconds: that of the next worker differs after two.
    const started = 'time() - process_start_time_seconds{job="shop"} > 2';
    await expect.poll(() => classic.query(started)).not.toEqual([]);
    const [worker] = await classic.query(workers);
    process.kill(Number(worker?.metric['pid']), 'SIGKILL');
    const [restarts = ''] = dashboard11159.panels['Process Restart Times'];
    const restarted = { metric: {}, value: 1 };
    await expect.poll(() => classic.query(withVariables(restarts))).toEqual([restarted]);

    const queries = [
      ...names.flatMap((name) =>
        expressionsOf(name).map((query) => ({ prometheus: prometheusOf(name), ...query })),
      ),
      ...[...Object.values(dashboard11159.panels).flat(), ...laterQueries].map((expr) => ({
        prometheus: classic,
        panel: 'of a public dashboard',
        expr,
      })),
      ...['http', 'durations', 'durations-native'].flatMap((file) =>
        recorded(file).map((expr) => ({
          prometheus: prometheusOf(file),
          panel: `recorded by ${file}`,
          expr,
        })),
      ),
    ];
    expect(queries.length).toBeGreaterThan(100);
    expect(documented.length).toBeGreaterThan(10);
    const empty = async (): Promise<string[]> => {
      const results = await Promise.all(
        queries.map(async ({ prometheus, panel, expr }) => {
          const points = await prometheus.query(withVariables(expr));
          return points.some(({ value }) => !Number.isNaN(value)) ? [] : [`${panel}: ${expr}`];
        }),
      );
      return results.flat();
    };
    await expect.poll(empty, { timeout: 90_000, interval: 1000 }).toEqual([]);

    // A fraction of no requests is NaN, which would spoil the shares of three days.
    const slow = await native.query('job:http_requests_slow:rate5m{job="idle"}');
    expect(slow.map(({ value }) => value)).toEqual([0]);
    // Those of the documents are accepted; most of them are about trouble, which this shop does not have.
    for (const query of documented) await classic.query(query);
    // In a cluster the public dashboard has one line for each instance, as for an application of one process.
    const instances = await classic.query(dashboard11159.variable);
    expect(instances.map(({ metric }) => metric['instance'])).toEqual([shop.metrics]);
  });
});

const documented = blocks
  .filter(({ language }) => language === 'promql')
  .flatMap(({ text }) => text.trim().split('\n'));

/** Queries for prom-client's default metrics that dashboards made after 11159 have besides. */
const laterQueries = [
  'irate(process_cpu_seconds_total{instance=~"$instance"}[2m]) * 100',
  ...['p50', 'p90', 'p99', 'mean', 'min', 'max', 'stddev'].map(
    (kind) => `nodejs_eventloop_lag_${kind}_seconds{instance=~"$instance"}`,
  ),
  'sum(changes(process_start_time_seconds{instance=~"$instance"}[1m])) > 0',
  'sum(rate(nodejs_gc_duration_seconds_sum{instance=~"$instance"}[5m])) by (kind)',
  'sum(rate(nodejs_gc_duration_seconds_count{instance=~"$instance"}[5m])) by (kind)',
  'process_open_fds{instance=~"$instance"} / process_max_fds{instance=~"$instance"}',
];

/** As deploy/prometheus/workers.yml has them, with the addresses of this shop. */
function jobsOf({ metrics }: Shop): object[] {
  const text = readFileSync(join(deploy, 'prometheus', 'workers.yml'), 'utf8');
  const jobs = parse(text.replaceAll('10.0.0.5:9464', metrics).replace('10s', '1s'))
    .scrape_configs as object[];
  expect(jobs).toHaveLength(2);
  return jobs;
}

function expressionsOf(name: string): { panel: string; expr: string }[] {
  const { panels } = JSON.parse(readFileSync(join(dashboards, name), 'utf8')) as { panels: Panel[] };
  expect(panels.filter(({ type, targets }) => type !== 'row' && !targets?.length)).toEqual([]);
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ panel: `${name}, ${title}`, expr })),
  );
}

const rules = (name: string): string => join(deploy, 'prometheus', 'rules', `${name}.yml`);

/** The names of the series that the rules of a file record. */
function recorded(file: string): string[] {
  const { groups } = parse(readFileSync(rules(file), 'utf8')) as {
    groups: { rules: { record: string }[] }[];
  };
  return groups.flatMap((group) => group.rules.map(({ record }) => record));
}

/** As Grafana replaces the variables; its rate interval is four scrapes. */
function withVariables(expr: string): string {
  return expr
    .replaceAll('$__rate_interval', '5s')
    .replaceAll('$__range', '1m')
    .replaceAll('$job', 'shop')
    .replaceAll('$workers', 'shop-workers')
    .replaceAll('$instance', '.+')
    .replaceAll('$route', '.*');
}
