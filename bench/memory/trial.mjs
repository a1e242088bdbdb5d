// One trial of what a series costs in memory: bytes on the heap of this process, and in files where a rival has some.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { makeGroupDirectory } from '../group-directory.mjs';
import { labelNames, labelSet } from '../label-sets.mjs';
import { load } from '../rivals.mjs';
import { segmentSize } from './segment-size.mjs';

/** What was used once is no object yet. */
const uses = 2;

const { rival, metric, series } = JSON.parse(process.argv[2]);

process.on('warning', (warning) => {
  throw warning;
});
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
update(labelSet(0));

const before = await used();
for (let use = 0; use < uses; use++) {
  for (let index = 1; index <= series; index++) update(labelSet(index));
}
const after = await used();
const perSeries = Object.fromEntries(
  Object.entries(after).map(([what, bytes]) => [what, (bytes - before[what]) / series]),
);
process.send(perSeries, () => process.exit());

async function used() {
  for (let turn = 0; turn < 4; turn++) {
    collectGarbage();
    await new Promise(setImmediate);
  }
  const { heapUsed, external } = process.memoryUsage();
  const segments = readdirSync(directory).filter((file) => file.startsWith('s.'));
  const sizes = segments.map((file) => segmentSize(join(directory, file)));
  const sum = (of) => sizes.reduce((total, size) => total + size[of], 0);
  // Node takes cells that are mapped for external memory of this process.
  return { heap: heapUsed + external - sum('mapped'), file: sum('file'), records: sum('records') };
}
