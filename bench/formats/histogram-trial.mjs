// One trial of a kind of histogram, in a process of its own: nanoseconds of an observation, bytes of a series in shared memory and in a
// scrape of each format.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeGroupDirectory } from '../group-directory.mjs';
import { labelNames, labelSet } from '../label-sets.mjs';
import { load, own } from '../rivals.mjs';
import { timeOf } from '../timing.mjs';
import { formats } from './formats.mjs';
import { latenciesOf } from './latencies.mjs';

const { config, way, seconds, series } = JSON.parse(process.argv[2]);
const directory = makeGroupDirectory();
process.env.PROMETHEUS_MULTIPROC_DIR = directory;
const { Histogram, register } = await load(own);
const latencies = latenciesOf(0, 10_000, 1).slice(0, 4096);
const help = 'How long requests take.';

const nanoseconds = way === undefined ? undefined : nanosecondsOf();
const sizes = way === undefined ? await sizesOf() : undefined;
process.send({ nanoseconds, ...sizes }, () => process.exit());

function nanosecondsOf() {
  const bare = new Histogram({ name: 'bare_seconds', help, ...config });
  const labelled = new Histogram({ name: 'labelled_seconds', help, labelNames, ...config });
  const sets = Array.from({ length: 64 }, (_, i) => labelSet(i));
  const child = labelled.labels(sets[0]);
  const ways = {
    bare: (i) => bare.observe(latencies[i]),
    bound: (i) => child.observe(latencies[i]),
    labelled: (i) => labelled.observe(sets[0], latencies[i]),
    turns: (i) => labelled.observe(sets[i & 63], latencies[i]),
  };
  const observe = ways[way];
  const time = timeOf(() => {
    for (let i = 0; i < latencies.length; i++) observe(i);
  }, seconds);
  return (time * 1e9) / latencies.length;
}

async function sizesOf() {
  const fileBytes = () =>
    readdirSync(directory).reduce((sum, file) => sum + statSync(join(directory, file)).size, 0);
  const histogram = new Histogram({ name: 'latency_seconds', help, labelNames, ...config });
  histogram.observe(labelSet(0), 1);
  const before = fileBytes();
  for (let index = 1; index <= series; index++) {
    const child = histogram.labels(labelSet(index));
    for (let i = 0; i < 500; i++) child.observe(latencies[(index * 37 + i) % latencies.length]);
  }
  const shared = (fileBytes() - before) / series;
  const scraped = {};
  for (const { name, accept } of formats) {
    const { body } = await register.exposition({ accept, openMetrics: true });
    scraped[name] = body.length / (series + 1);
  }
  return { shared, scraped };
}
