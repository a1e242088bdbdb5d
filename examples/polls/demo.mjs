// `npm run demo`: a cluster under load, one worker killed half-way, and totals that must be exact in the end.
//   --keep            stays up for a browser, under gentle load, until Ctrl-C
//   --seconds 20      the approximate duration of the load
//   --no-prometheus   leaves Prometheus out even where it is installed
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startModule, stopAll } from '../support/processes.mjs';
import { isInstalled, Prometheus } from '../support/prometheus.mjs';
import { Terminal } from '../support/terminal.mjs';
import { differences, table } from './report.mjs';
import { Scraper } from './scrapes.mjs';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    keep: { type: 'boolean', default: false },
    'no-prometheus': { type: 'boolean', default: false },
  },
});

const pages = [
  { endpoint: '/polls/2xx_success/', status: 200 },
  { endpoint: '/polls/4xx_not_found/', status: 404 },
  { endpoint: '/polls/5xx_exception/', status: 500 },
];

const load = new URL('load.mjs', import.meta.url);

const terminal = new Terminal();
const prometheus = new Prometheus();

async function demo() {
  if (!(Number(options.seconds) > 0)) {
    throw new RangeError(`--seconds: expected a number above 0, but got ${options.seconds}`);
  }
  const service = await startService();
  const withPrometheus = !options['no-prometheus'] && isInstalled();
  if (withPrometheus) await startPrometheus(new URL(service.url).host);
  console.log(`service     ${service.url}/polls/2xx_success/`);
  console.log(`metrics     ${service.url}/metrics`);
  console.log(`prometheus  ${withPrometheus ? prometheus.url : 'not installed, or not wanted'}\n`);

  const scraper = new Scraper(`${service.url}/metrics`);
  const { generator, killed } = await runLoad(service, scraper);
  const disagreements = await scraper.compare(service.workers.map(({ pid }) => pid));
  const facts = { ...gather(service, scraper, generator, killed), disagreements };
  if (withPrometheus) facts.prometheus = await totalOfPrometheus(facts.total.counted);
  console.log(`\n${table(facts)}\n`);
  if (withPrometheus) await showQueries();

  const found = differences(facts);
  for (const difference of found) terminal.bad(difference);
  if (found.length === 0) {
    terminal.good('Every answered request is counted exactly once, and no scrape ever went backwards.');
  }
  verdict = found.length === 0 ? 0 : 1;
  if (options.keep) await keepUp(service);
}

function startPrometheus(target) {
  return prometheus.start([{ job_name: 'polls', static_configs: [{ targets: [target] }] }]);
}

/** The cluster: its URL, the pids of its workers, and those of all workers that it has had. */
async function startService() {
  const child = startModule(new URL('server.mjs', import.meta.url));
  const service = { url: undefined, workers: [], seen: new Map(), failed: child.failed };
  const complete = new Promise((resolve) => {
    child.on('message', ({ url, workers }) => {
      service.url = url;
      service.workers = workers;
      for (const { id, pid } of workers) service.seen.set(id, pid);
      if (workers.length === 4) resolve();
    });
  });
  await Promise.race([complete, child.failed]);
  return service;
}

/** The load from start to end, scraped all the time; a worker is killed when half of the requests are answered. */
async function runLoad(service, scraper) {
  const generating = startModule(load, [service.url, options.seconds]);
  const failed = Promise.race([generating.failed, service.failed]);
  const begin = performance.now();
  let soFar = { answered: 0, amount: Infinity };
  let generator;
  let killed;
  generating.on('message', ({ summary, ...figures }) => {
    if (summary) generator = summary;
    else soFar = figures;
  });

  while (generator === undefined) {
    await scraper.scrape();
    if (killed === undefined && soFar.answered >= soFar.amount / 2) {
      // Any worker, at any moment, without a warning: requests are in flight in it.
      killed = service.workers[Math.floor(Math.random() * service.workers.length)];
      process.kill(killed.pid, 'SIGKILL');
      terminal.line(`  SIGKILL to worker ${killed.id} (pid ${killed.pid}); the primary will replace it`);
    }
    const elapsed = ((performance.now() - begin) / 1000).toFixed(1);
    terminal.progress(
      `${elapsed.padStart(6)} s  answered ${soFar.answered}  counted ${scraper.sum('request_count')}` +
        `  last scrape by pid ${scraper.pid}  workers alive ${service.workers.length}`,
    );
    await Promise.race([sleep(250), failed]);
  }
  terminal.done();
  while (service.workers.length < 4) await Promise.race([sleep(50), service.failed]);
  return { generator, killed };
}

/** The counts of the load generator and those of the last scrape. */
function gather(service, scraper, generator, killed) {
  const quantiles = [0.5, 0.9, 0.99];
  return {
    generator,
    killed,
    scraper,
    total: {
      answered: generator.answered,
      counted: scraper.sum('request_count'),
      observed: scraper.sum('request_latency_seconds_count'),
      handedOver: scraper.sum('worker_requests_total'),
    },
    pages: pages.map(({ endpoint, status }) => ({
      endpoint,
      status,
      answered: generator.byStatus[status]?.answered ?? 0,
      counted: scraper.sum('request_count', { endpoint, status }),
      observed: scraper.sum('request_latency_seconds_count', { endpoint, status }),
      fromBuckets: quantiles.map((q) => scraper.quantile(q, endpoint)),
      fromGenerator: generator.byStatus[status]?.quantiles ?? [],
    })),
    workers: [...service.seen]
      .sort(([a], [b]) => a - b)
      .map(([id, pid]) => ({
        id,
        pid,
        counted: scraper.sum('worker_requests_total', { worker: id }),
        note: id === killed?.id ? 'killed' : id > 4 ? 'its replacement' : '',
      })),
  };
}

/** Prometheus scrapes every second: it may need one more to have the last counts. */
async function totalOfPrometheus(expected) {
  const [total] = await prometheus.queryUntil('sum(request_count)', ([sum]) => sum?.value === expected);
  return total?.value ?? 0;
}

async function showQueries() {
  for (const expression of [
    'sum(rate(request_count[1m])) by (endpoint)',
    'histogram_quantile(0.9, sum(rate(request_latency_seconds_bucket[1m])) by (le, endpoint))',
  ]) {
    console.log(`  ${expression}`);
    for (const { metric, value } of await prometheus.queryUntil(expression, isRate)) {
      console.log(`    ${metric.endpoint.padEnd(24)} ${value.toFixed(4)}`);
    }
  }
  console.log();
}

/** A rate takes two scrapes. */
const isRate = (result) => result.length === pages.length;

/** Stays up under gentle load, for a browser. */
async function keepUp(service) {
  const generating = startModule(load, [service.url]);
  console.log(`\nStill up, under gentle load; Ctrl-C ends it.\n  ${service.url}/metrics`);
  if (prometheus.url) {
    const expression = encodeURIComponent('sum(rate(request_count[1m])) by (endpoint)');
    console.log(`  ${prometheus.url}/graph?g0.range_input=5m&g0.tab=0&g0.expr=${expression}`);
  }
  await Promise.race([generating.failed, service.failed]);
}

const interrupted = new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => resolve(128 + constants.signals[signal]));
  }
});

let verdict;
let code;
try {
  code = await Promise.race([demo(), interrupted]);
} catch (error) {
  terminal.bad(error.message);
  code = 1;
} finally {
  terminal.done();
  await stopAll();
  await prometheus.removeData();
}
process.exit(verdict ?? code);
