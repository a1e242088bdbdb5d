import Benchmark from 'benchmark';
import { median } from './statistics.mjs';

/** Median seconds of one call of `run`, sampled for so many seconds after the package `benchmark` has warmed it up. */
export function timeOf(run, seconds) {
  const benchmark = new Benchmark({
    fn: run,
    minSamples: 5,
    minTime: Math.min(0.05, seconds / 5),
    maxTime: seconds,
  });
  benchmark.run({ async: false });
  if (benchmark.error) throw benchmark.error;
  return median(benchmark.stats.sample);
}
