// `npm run demo:outage`: two instances of an application, two replicas of Prometheus, and four outages under load. Ends with a page of plots
// and a verdict.
//   --quick        in less than a minute, with shorter windows and fewer requests
//   --report DIR   where the page and its plots are written; build/outage otherwise
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { stopAll } from '../support/processes.mjs';
import { isInstalled, Prometheus } from '../support/prometheus.mjs';
import { Terminal } from '../support/terminal.mjs';
import { Generator } from './generator.mjs';
import { Instance } from './instance.mjs';
import { observe } from './observations.mjs';
import { page, plots } from './page.mjs';
import { verdicts } from './verdict.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    report: { type: 'string', default: join(root, 'build', 'outage') },
  },
});

/** In seconds; requests a second. */
const timing = options.quick
  ? { rate: 40, scrape: 0.5, window: 5, calm: 6, afterWorker: 6, replacement: 0.5, down: 6 }
  : { rate: 100, scrape: 1, window: 15, calm: 25, afterWorker: 25, replacement: 4, down: 30 };

const terminal = new Terminal();
const replicas = [new Prometheus(), new Prometheus()];
const instances = [new Instance('A'), new Instance('B')];
const generator = new Generator();
const events = {};
let discovery;

const now = () => Date.now() / 1000;

function event(name, text) {
  events[name] = now();
  terminal.line(`${(now() - events.loaded).toFixed(1).padStart(6)} s  ${text}`);
}

async function course() {
  if (!isInstalled()) throw new Error('Prometheus is not installed (Debian: apt-get install prometheus)');
  const [a, b] = await Promise.all(instances.map((instance) => instance.start()));
  discovery = join(await mkdtemp(join(tmpdir(), 'demo-outage-')), 'targets.json');
  await discover([a, b]);
  const jobs = [{ job_name: 'shop', file_sd_configs: [{ files: [discovery] }] }];
  const interval = `${1000 * timing.scrape}ms`;
  await Promise.all(replicas.map((replica) => replica.start(jobs, { interval })));
  await scraped([a, b]);
  console.log(`instances   A ${a.target}, B ${b.target}`);
  console.log(`replicas    ${replicas.map(({ url }) => url).join(', ')}\n`);

  generator.start(timing.rate, [a, b]);
  event('loaded', `${timing.rate} requests a second`);
  await pass(timing.calm);

  const pid = a.killWorker();
  event('workerKilled', `SIGKILL to the worker ${pid} of A, which its primary replaces`);
  await pass(timing.afterWorker);

  event('applicationKilled', 'SIGKILL to all processes of B');
  await b.kill();
  generator.use([a]);
  await pass(timing.replacement);
  const c = new Instance('C');
  instances.push(c);
  await c.start();
  await discover([a, c]);
  generator.use([a, c]);
  event('replaced', `C takes its place at another port, ${c.target}`);
  await scraped([c]);
  event('lastFirstScrape', 'C is scraped by both replicas');
  await pass(timing.window + 2 * timing.scrape);

  await replicas[0].kill();
  event('replicaKilled', 'SIGKILL to replica 1');
  await pass(timing.down);
  await replicas[0].restart();
  event('replicaBack', 'replica 1 is back, with its data');
  const isFresh = ([sample]) => sample !== undefined && sample.value > events.replicaBack;
  await replicas[0].queryUntil('min(timestamp(up))', isFresh);
  event('replicaScrapes', 'replica 1 scrapes again');
  await pass(timing.window + 4 * timing.scrape);

  await generator.stop();
  const end = now();
  await pass(3 * timing.scrape);
  return judge(end, [a, b, c]);
}

async function judge(end, [a, b, c]) {
  // Two decimals, so that the times of all answers are the same.
  const begin = Math.round(events.loaded * 10) / 10;
  const observed = await observe({
    replicas,
    generator,
    begin,
    end,
    window: timing.window,
    step: timing.scrape,
  });
  const roles = { survivor: a.target, killed: b.target, replacement: c.target };
  const found = verdicts({ observed, generator, events, instances: roles, ...timing });
  const names = new Map([a, b, c].map(({ name, target }) => [target, name]));
  await mkdir(options.report, { recursive: true });
  const file = join(options.report, 'index.html');
  const svg = plots({ observed, events, names, window: timing.window });
  await writeFile(join(options.report, 'outages.svg'), svg);
  await writeFile(file, page({ svg, events, verdicts: found, cutOff: generator.cutOff }));

  console.log();
  for (const { text, isKept, figures } of found) {
    const line = `${text} (${figures})`;
    if (isKept) terminal.good(line);
    else terminal.bad(line);
  }
  console.log(`\n${pathToFileURL(file)}`);
  return found.every(({ isKept }) => isKept) ? 0 : 1;
}

/** The targets for both replicas. A rename, so that neither reads a half. */
async function discover(targets) {
  const text = JSON.stringify([{ targets: targets.map(({ target }) => target) }]);
  await writeFile(`${discovery}.new`, text);
  await rename(`${discovery}.new`, discovery);
}

/** Waits until both replicas have a sample of each. */
async function scraped(targets) {
  for (const replica of replicas) {
    for (const { target } of targets) {
      const found = await replica.queryUntil(`up{instance="${target}"} == 1`, (result) => result.length > 0);
      if (found.length === 0) throw new Error(`${target} was not scraped within 10 s`);
    }
  }
}

/** Lets so many seconds pass, and shows the rates that the replicas see. Rejects when an instance ends by itself. */
async function pass(seconds) {
  const until = performance.now() + 1000 * seconds;
  const failed = Promise.race(instances.map((instance) => instance.failed));
  while (performance.now() < until) {
    const seen = await Promise.all(replicas.map(rateIn));
    const sent = generator.count(Date.now() - 1000 * timing.window, Date.now()) / timing.window;
    const texts = seen.map((rate, i) => `replica ${i + 1} ${rate}`);
    terminal.progress(
      `${(now() - events.loaded).toFixed(1).padStart(6)} s  answers ${sent.toFixed(1)}/s  ${texts.join('  ')}`,
    );
    await Promise.race([sleep(Math.max(0, Math.min(500, until - performance.now()))), failed]);
  }
  terminal.done();
}

async function rateIn(replica) {
  const expression = `sum(rate(http_requests_total[${timing.window}s]))`;
  const [rate] = await replica.query(expression).catch(() => []);
  return rate === undefined ? '-' : `${rate.value.toFixed(1)}/s`;
}

const interrupted = new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => resolve(128 + constants.signals[signal]));
  }
});

let code;
try {
  code = await Promise.race([course(), interrupted]);
} catch (error) {
  terminal.bad(error.message);
  code = 1;
} finally {
  terminal.done();
  await generator.stop();
  await stopAll();
  await Promise.all([...replicas, ...instances].map((one) => one.removeData()));
  if (discovery !== undefined) await rm(join(discovery, '..'), { recursive: true, force: true });
}
process.exit(code);
