// `npm run bench`: measures every workload for every rival and writes docs/benchmarks.md.
//   --quick        a minute instead of ten: few and short trials, the small cluster only; writes no report
//   --only NAME    only what has this name or belongs to it, such as counter-kept, counter, scrape; can be repeated;
//                  writes no report
//   --json FILE    writes all figures there
//   --report FILE  writes the report there, whatever was measured
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { machine } from './machine.mjs';
import { chosen, efforts, plan } from './plan.mjs';
import { Progress } from './progress.mjs';
import { document, tables } from './report.mjs';
import { resultOf } from './results.mjs';
import { runTrial } from './trials.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    json: { type: 'string' },
    report: { type: 'string' },
  },
});

const effort = options.quick ? efforts.quick : efforts.full;
const about = machine();
const measurements = chosen(plan(effort), options.only);

const start = performance.now();
await measure();
const seconds = Math.round((performance.now() - start) / 1000);

const results = measurements.map(resultOf);
const isWhole = !options.quick && options.only.length === 0;
const reportFile =
  options.report ?? (isWhole ? new URL('../docs/benchmarks.md', import.meta.url) : undefined);
if (reportFile !== undefined) writeFileSync(reportFile, document({ about, effort, seconds, results }));
if (options.json !== undefined) {
  writeFileSync(options.json, `${JSON.stringify({ about, effort, seconds, results }, null, 2)}\n`);
}
console.log(`\n${tables(results)}`);

/** All of one round before any of the next, and the rivals one after the other: what disturbs one disturbs all. */
async function measure() {
  const steps = measurements.reduce((sum, { rounds, contestants }) => sum + rounds * contestants.length, 0);
  const progress = new Progress(steps);
  for (let round = 0; measurements.some(({ rounds }) => round < rounds); round++) {
    for (const { name, rounds, module, contestants } of measurements) {
      if (round >= rounds) continue;
      for (const { rival, trial, trials } of contestants) {
        trials.push(await runTrial(module, trial));
        progress.step(`${name}, ${rival}`);
      }
    }
  }
}
