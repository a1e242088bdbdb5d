// The results as Markdown: the tables for the terminal, and docs/benchmarks.md with the conditions of each.
import { mkdirSync, writeFileSync } from 'node:fs';
import { chart } from '../scripts/chart.mjs';
import { colours } from './colours.mjs';
import { versionOf } from './machine.mjs';
import { own, rivals } from './rivals.mjs';
import { sections } from './sections.mjs';

export function tables(results) {
  return measured(results)
    .map(({ section, its }) => section.tables(its))
    .join('\n');
}

/** Writes the charts of the report into a folder. */
export function draw(results, folder) {
  mkdirSync(folder, { recursive: true });
  for (const { section, its } of measured(results)) {
    for (const { file, ...picture } of section.charts(its))
      writeFileSync(new URL(file, folder), chart({ ...picture, colours }));
  }
}

export function document(run) {
  const { about, seconds } = run;
  const versions = rivals.map(({ name }) => `${name} ${versionOf(name)}`).join(', ');
  const chapters = chaptersOf(run);
  return `# Benchmarks

Written by \`npm run bench\` in ${Math.ceil(seconds / 60)} min; do not edit. The sources are in \`bench/\`; \`npm run bench -- --quick\` takes
three minutes and writes nothing, \`-- --only counter-bound\` runs one measurement, \`-- --json file\` keeps every single figure.

- ${about.date}, Node ${about.node} (V8 ${about.v8}), ${about.system}
- ${about.cores} cores of ${about.cpu}, ${about.gibibytes} GiB; load average at the start: ${about.load}
- ${versions}

Times are of this machine on that day. Compare ratios: how many times as fast \`${own}\` is as the fastest rival in
the same run.

- Each trial is a fresh process that takes one measurement of one rival. Rivals take turns, and a round of everything ends
  before the next begins; figures are medians, ± half the distance between the quartiles.
- \`${own}\` counts into files in shared memory (\`/dev/shm\` where there is one), as it does by default.

${chapters.join('\n')}`;
}

/** The report with the chapters of this run in place of its own, or at its end. They say that they were measured on another day. */
export function withChapters(report, run) {
  const { about } = run;
  const date = `Measured on ${about.date}, without the other chapters; load average at the start: ${about.load}.`;
  const parts = report.trimEnd().split(/\n+(?=## )/);
  for (const chapter of chaptersOf(run)) {
    const [title] = chapter.split('\n', 1);
    const at = parts.findIndex((part) => part.split('\n', 1)[0] === title);
    parts.splice(at < 0 ? parts.length : at, 1, chapter.replace('\n\n', `\n\n${date}\n\n`).trimEnd());
  }
  return `${parts.join('\n\n')}\n`;
}

function chaptersOf({ about, effort, results }) {
  return measured(results).map(({ name, section, its }) => section.chapter(its, effort[name], about));
}

/** The sections that have results, with these. */
function measured(results) {
  return Object.entries(sections)
    .map(([name, section]) => ({ name, section, its: results.filter((result) => result.section === name) }))
    .filter(({ its }) => its.length > 0);
}
