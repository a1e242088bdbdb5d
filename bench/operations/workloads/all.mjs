// A workload is one thing that applications do all the time:
//   prepare(client)  with a rival's module, or limit() with nothing, gives
//                      run()           does it `operations` times
//                      result()        what has come of it, read back through the public API
//                      expected(runs)  what must have come of it
//   operations       in one run, if other than `batch`
//   isUnrepeatable   each run is a measurement of its own, and the mean of the first of them counts
import { counterWorkloads } from './counter.mjs';
import { gaugeWorkloads } from './gauge.mjs';
import { histogramWorkloads } from './histogram.mjs';
import { newSeriesWorkloads } from './new-series.mjs';
import { summaryWorkloads } from './summary.mjs';

export const workloads = [
  ...counterWorkloads,
  ...gaugeWorkloads,
  ...histogramWorkloads,
  ...summaryWorkloads,
  ...newSeriesWorkloads,
];
