// One trial of one workload for one rival, in a process of its own, so that what V8 has learned from one rival or
// workload does not speed up or slow down the next. The figure goes to the parent: nanoseconds per operation.
import Benchmark from 'benchmark';
import { limit, load } from '../rivals.mjs';
import { median } from '../statistics.mjs';
import { workloads } from './workloads/all.mjs';
import { batch } from './workloads/inputs.mjs';

const { workload: name, rival, seconds } = JSON.parse(process.argv[2]);

// A warning says that something is not as in production, such as counting in memory that is not shared.
process.on('warning', (warning) => {
  throw warning;
});

const workload = workloads.find((candidate) => candidate.name === name);
const { run, result, expected } = rival === limit ? workload.limit() : workload.prepare(await load(rival));
const period = measure();
await checkResult();
process.send({ nanoseconds: (period * 1e9) / (workload.operations ?? batch) }, () => process.disconnect());

/** Seconds that one run takes. */
function measure() {
  const timing = workload.isUnrepeatable
    ? { minSamples: 10, minTime: 1e-9, maxTime: 0 }
    : { minSamples: 5, minTime: Math.min(0.05, seconds / 5), maxTime: seconds };
  const benchmark = new Benchmark({ fn: countedRun, ...timing });
  benchmark.run({ async: false });
  if (benchmark.error) throw benchmark.error;
  return workload.isUnrepeatable ? benchmark.stats.mean : median(benchmark.stats.sample);
}

function countedRun() {
  run();
  countedRun.runs = (countedRun.runs ?? 0) + 1;
}

/** Nothing was optimized away, and nothing lost: the rival has counted what it was told to. */
async function checkResult() {
  const found = await result();
  const wanted = expected(countedRun.runs);
  if (found !== wanted) throw new Error(`${rival} has ${found} after ${name}, but was told ${wanted}`);
}
