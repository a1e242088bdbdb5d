// One trial of the memory of series. The parent gets the bytes per series on the heap of this process, and in files.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { makeGroupDirectory } from '../group-directory.mjs';
import { labelNames, labelSet } from '../label-sets.mjs';
import { load } from '../rivals.mjs';

const { rival, metric, series } = JSON.parse(process.argv[2]);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');
const directory = makeGroupDirectory();
process.env.PROMETHEUS_MULTIPROC_DIR = directory;

const client = await load(rival);
const update = {
  counter() {
    const counter = new client.Counter({ name: 'requests_total', help: 'Requests.', labelNames });
    return (labels) => counter.inc(labels);
  },
  histogram() {
    const histogram = new client.Histogram({ name: 'latency_seconds', help: 'How long.', labelNames });
    return (labels) => histogram.observe(labels, 0.2);
  },
}[metric]();
update(labelSet(0));

const before = await used();
for (let index = 1; index <= series; index++) update(labelSet(index));
const after = await used();
const perSeries = (what) => (after[what] - before[what]) / series;
process.send({ heap: perSeries('heap'), file: perSeries('file') }, () => process.exit());

/** `arrayBuffers` leaves out memory that is mapped: that is part of the files. */
async function used() {
  for (let turn = 0; turn < 4; turn++) {
    collectGarbage();
    await new Promise(setImmediate);
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const sizes = readdirSync(directory).map((file) => statSync(join(directory, file)).size);
  return { heap: heapUsed + arrayBuffers, file: sizes.reduce((sum, size) => sum + size, 0) };
}
