// The margins of the hot path: a third to a fifth of the figures of a quiet machine, so that noise does not exceed them.
import { factor } from './figures.mjs';

/** The least ratio to the best rival, and the largest factor over the limit. */
const margins = {
  'counter-bare': { ratio: 0.2, overLimit: 5 },
  'counter-bound': { ratio: 30, overLimit: 5 },
  'counter-object': { ratio: 1.2 },
  'counter-values': { ratio: 1.2 },
  'gauge-bound': { ratio: 30, overLimit: 6 },
  'gauge-object': { ratio: 1.2 },
  'histogram-bound': { ratio: 8, overLimit: 5 },
  'histogram-object': { ratio: 1.2 },
  'summary-bound': { ratio: 6 },
};

/** The `name` of each workload that exceeds a margin, and a `complaint`. */
export function regressions(results) {
  return results.flatMap(({ name, ratio, overLimit }) => {
    const margin = margins[name];
    if (margin === undefined) return [];
    const found = [];
    if (ratio < margin.ratio) {
      found.push(`expected at least ${factor(margin.ratio)} the best rival, but got ${factor(ratio)}`);
    }
    if (overLimit > margin.overLimit) {
      found.push(`expected at most ${factor(margin.overLimit)} the limit, but got ${factor(overLimit)}`);
    }
    return found.map((complaint) => ({ name, complaint: `${name}: ${complaint}` }));
  });
}
