// `npm run bench`: measures everything for every rival; writes docs/benchmarks.md, its charts and README's table.
//   --quick        three minutes instead of twenty-five: few and short trials of small sizes; writes no report
//   --only NAME    only the measurement of this name or those that begin with it, such as counter-bound, counter, scrape; can
//                  be repeated; writes no report
//   --chapter      with --only: writes the chapters of these sections into the report, which keeps its other ones
//   --guard        ends with 1 when the hot path is worse than the margins of guard.mjs
//   --json FILE    writes all figures there
//   --from FILE    measures nothing: takes the figures from a file that --json has written
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { regressions } from './guard.mjs';
import { machine } from './machine.mjs';
import { Progress } from './progress.mjs';
import { rewriteTable } from './readme.mjs';
import { document, draw, tables, withChapters } from './report.mjs';
import { efforts, plan, resultOf } from './sections.mjs';
import { runTrial } from './trials.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    chapter: { type: 'boolean', default: false },
    guard: { type: 'boolean', default: false },
    json: { type: 'string' },
    from: { type: 'string' },
  },
});

const run = options.from === undefined ? await measured() : JSON.parse(readFileSync(options.from, 'utf8'));
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(run, null, 2)}\n`);
const root = new URL('../', import.meta.url);
const report = new URL('docs/benchmarks.md', root);
if (run.isWhole || options.chapter) {
  writeFileSync(report, run.isWhole ? document(run) : withChapters(readFileSync(report, 'utf8'), run));
  draw(run.results, new URL('docs/benchmarks/', root));
}
if (run.isWhole) rewriteTable(new URL('README.md', root), run.results);
console.log(`\n${tables(run.results)}`);
if (options.guard) await guard();

async function measured() {
  const about = machine();
  const effort = options.quick ? efforts.quick : efforts.full;
  const measurements = plan(effort, options.only);
  const start = performance.now();
  await runAll(measurements);
  const seconds = Math.round((performance.now() - start) / 1000);
  const isWhole = !options.quick && options.only.length === 0;
  return { about, effort, isWhole, seconds, results: measurements.map(resultOf) };
}

/** Measures a seeming regression again, and longer: noise passes. */
async function guard() {
  let found = regressions(run.results);
  for (let attempt = 0; found.length > 0 && attempt < 3; attempt++) {
    const suspects = plan(efforts.full, [...new Set(found.map(({ name }) => name))]);
    await runAll(suspects);
    found = regressions(suspects.map(resultOf));
  }
  for (const { complaint } of found) console.error(complaint);
  if (found.length > 0) process.exitCode = 1;
}

/** A round of everything ends before the next begins, and rivals take turns: a disturbance hits all of them. */
async function runAll(measurements) {
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
