// One trial of one workload for one rival, in a process of its own: V8 has learned nothing from another rival or workload.
// The parent gets the nanoseconds of one operation.
import { limit, load } from '../rivals.mjs';
import { timeOf } from '../timing.mjs';
import { workloads } from './workloads/all.mjs';
import { batch } from './workloads/inputs.mjs';

const { workload: name, rival, seconds } = JSON.parse(process.argv[2]);

const workload = workloads.find((candidate) => candidate.name === name);
const { run, result, expected } = rival === limit ? workload.limit() : workload.prepare(await load(rival));
let runs = 0;
const time = timeOf(() => {
  run();
  runs++;
}, seconds);
await checkResult();
process.send({ nanoseconds: (time * 1e9) / (workload.operations ?? batch) }, () => process.disconnect());

/** V8 has optimized nothing away, and the rival has lost nothing. */
async function checkResult() {
  const found = await result();
  const wanted = expected(runs);
  if (found !== wanted) throw new Error(`${name}: expected ${wanted} in ${rival}, but got ${found}`);
}
