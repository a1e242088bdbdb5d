// A workload is one call that applications repeat. Its `prepare(client)` takes the module of a rival, its `limit()` takes
// nothing; both return
//   run()           makes the call `operations` times
//   result()        the total that the public API tells
//   expected(runs)  the total after so many runs
// `operations` is `batch` unless the workload has a number of its own.
import { counterWorkloads } from './counter.mjs';
import { gaugeWorkloads } from './gauge.mjs';
import { histogramWorkloads } from './histogram.mjs';
import { manySetsWorkloads } from './many-sets.mjs';
import { summaryWorkloads } from './summary.mjs';

export const workloads = [
  ...counterWorkloads,
  ...manySetsWorkloads,
  ...gaugeWorkloads,
  ...histogramWorkloads,
  ...summaryWorkloads,
];
