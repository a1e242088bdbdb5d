// The results as Markdown: the tables alone for the terminal, with all that is needed to judge them for docs/.
import { mkdirSync, writeFileSync } from 'node:fs';
import { chart } from '../scripts/chart.mjs';
import { versionOf } from './machine.mjs';
import { own, rivals } from './rivals.mjs';
import { sections } from './sections.mjs';

export function tables(results) {
  return measured(results)
    .map(({ section, its }) => section.tables(its))
    .join('\n');
}

/** Writes the pictures of the report into a folder. */
export function draw(results, folder) {
  mkdirSync(folder, { recursive: true });
  for (const { section, its } of measured(results)) {
    for (const { file, ...picture } of section.charts(its))
      writeFileSync(new URL(file, folder), chart(picture));
  }
}

export function document({ about, effort, seconds, results }) {
  const versions = rivals.map(({ name }) => `${name} ${versionOf(name)}`).join(', ');
  const chapters = measured(results).map(({ name, section, its }) =>
    section.chapter(its, effort[name], about),
  );
  return `# Benchmarks

Written by \`npm run bench\` in ${Math.ceil(seconds / 60)} min; do not edit. The sources are in \`bench/\`; \`npm run bench -- --quick\` takes
two minutes and writes nothing, \`-- --only counter-kept\` runs one measurement, \`-- --json file\` keeps every single figure.

- ${about.date}, Node ${about.node} (V8 ${about.v8}), ${about.system}
- ${about.cores} cores of ${about.cpu}, ${about.gibibytes} GiB; load average at the start: ${about.load}
- ${versions}

Times are of this machine on that day. What can be compared is the ratio: how many times as fast \`${own}\` is as the
fastest of the others in the same run.

- Each trial is a fresh process that measures one thing for one rival. The rivals take turns, and a round of everything
  ends before the next begins; figures are medians, ± half the distance between the quartiles.
- \`${own}\` counts into files in shared memory (\`/dev/shm\` where there is one), as it does by default.

${chapters.join('\n')}`;
}

/** The sections of which there are results, with theirs. */
function measured(results) {
  return Object.entries(sections)
    .map(([name, section]) => ({ name, section, its: results.filter((result) => result.section === name) }))
    .filter(({ its }) => its.length > 0);
}
