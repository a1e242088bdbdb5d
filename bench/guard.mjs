// A regression of the hot path that no noise explains: margins are a third to a fifth of what a quiet machine shows.
import { factor } from './figures.mjs';

/** Of each workload how many times as fast as the best rival it must be, and how many times as long as the limit it may take. */
const margins = {
  'counter-bare': { ratio: 0.2, overLimit: 5 },
  'counter-kept': { ratio: 30, overLimit: 5 },
  'counter-object': { ratio: 1.2 },
  'counter-values': { ratio: 1.2 },
  'gauge-kept': { ratio: 30, overLimit: 6 },
  'gauge-object': { ratio: 1.2 },
  'histogram-kept': { ratio: 8, overLimit: 5 },
  'histogram-object': { ratio: 1.2 },
  'summary-kept': { ratio: 6 },
};

/** What is worse than its margin: the `name` of the workload and a `complaint`. */
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
