// One trial of a cluster under HTTP load that is scraped once per second. Requests of two kinds arrive: autocannon sends as
// many as are answered, and a probe sends one every few milliseconds, whether or not the last one was answered: a load
// generator that waits for an answer does not see the stops of a server.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';
import { withoutMetrics } from '../rivals.mjs';
import { quantile } from '../statistics.mjs';
import { download } from './download.mjs';

const trial = JSON.parse(process.argv[2]);
const isScraped = trial.rival !== withoutMetrics;
const probeEvery = 10;
const scrapeEvery = 1000;

const server = fork(new URL('server.mjs', import.meta.url), [process.argv[2]]);
server.once('exit', (code, signal) => {
  throw new Error(`the server ended with ${signal ?? code}`);
});
// The parent does not wait for the figures any more.
process.once('disconnect', () => process.exit(1));
const [{ url, metricsUrl }] = await once(server, 'message');

await load(1);
await ask('watch');
const end = performance.now() + trial.seconds * 1000;
const probing = probe();
const scraping = isScraped ? scrapeRegularly() : [];
const { requests, errors, non2xx } = await load(trial.seconds);
if (errors + non2xx > 0) throw new Error(`${errors} requests had no answer, ${non2xx} a bad one`);
const [times, scrapes] = [await probing, await scraping];
const stop = Math.max(...(await ask('stop')).map((answer) => answer.stop));
if (isScraped) await checkCounts();
server.removeAllListeners('exit');
server.disconnect();
await once(server, 'exit');
process.send({ rate: requests.average, p99: quantile(times, 0.99), stop, scrapes }, () => process.exit());

/** Load by a thread of its own: here it would delay the probe. */
function load(seconds) {
  return autocannon({ url, connections: trial.connections, duration: seconds, workers: 1 });
}

/** Milliseconds of each request, from the moment at which it is due. */
async function probe() {
  const answers = [];
  for (let due = performance.now(); due < end; due += probeEvery) {
    await sleep(Math.max(0, due - performance.now()));
    answers.push(download(url).then(() => performance.now() - due));
  }
  return Promise.all(answers);
}

/** As Prometheus does: one after the other, at full intervals, and one that takes more than 10 s has failed. */
async function scrapeRegularly() {
  const done = [];
  while (performance.now() < end) {
    const start = performance.now();
    const hasFailed = await download(`${metricsUrl}/metrics`, 10_000).then(
      () => false,
      () => true,
    );
    const milliseconds = performance.now() - start;
    done.push({ milliseconds, hasFailed });
    await sleep(scrapeEvery - (milliseconds % scrapeEvery));
  }
  return done;
}

/** Throws unless a scrape shows each request, and the call that has made each series. */
async function checkCounts() {
  const lines = (await download(`${metricsUrl}/metrics`)).split('\n');
  const counts = lines.filter((line) => line.startsWith('requests_total{'));
  const found = counts.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  const served = (await ask('served')).reduce((sum, answer) => sum + answer.served, 0);
  const expected = served + trial.workers * trial.sets;
  if (found !== expected) throw new Error(`expected ${expected} requests in a scrape, but got ${found}`);
}

async function ask(task) {
  server.send({ task });
  const [answers] = await once(server, 'message');
  return answers;
}
