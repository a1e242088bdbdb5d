import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { chart } from '../../scripts/chart.mjs';
import { quantile } from './figures.mjs';

const shownViolations = 10;
/** How many points of time a picture has at most. */
const points = 180;

/** Writes one page, report.md, and its picture, soak.svg, into a directory. `rows` are what is told in figures. */
export function writeReport(directory, { minutes, course, rows, violations }) {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'soak.svg'), picture(minutes, course));
  writeFileSync(
    join(directory, 'report.md'),
    [
      `# A soak of ${minutes} minutes`,
      '',
      `Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} cores: ` +
        (violations.length === 0 ? 'all was as promised.' : `**${violations.length} violations.**`),
      '',
      ...violations.slice(0, shownViolations).map((text) => `- ${text.split('\n')[0]}`),
      ...(violations.length === 0 ? [] : ['']),
      '![Scrape time, files, memory and the error over time](soak.svg)',
      '',
      '| | |',
      '| --- | --- |',
      ...rows.map(([what, value]) => `| ${what} | ${value} |`),
      '',
    ].join('\n'),
  );
}

/** What is said on the console: the figures, and the first of what went wrong. */
export function summary({ rows, violations }) {
  const width = Math.max(...rows.map(([what]) => what.length));
  return [
    ...rows.map(([what, value]) => `${what.padEnd(width)}  ${value}`),
    ...violations.slice(0, shownViolations).map((text) => `VIOLATION ${text}`),
  ].join('\n');
}

function picture(minutes, course) {
  const seconds = Math.max(1, Math.ceil((minutes * 60) / points));
  const x = { name: 'minutes', min: 0, max: minutes };
  const line = (name, what, summarize, dashed) => ({
    name,
    dashed,
    data: course.over(seconds, what, summarize),
  });
  const at = (q) => (values) => quantile(values, q);
  const most = (values) => Math.max(...values);
  const mib = (values) => at(0.5)(values) / 2 ** 20;
  const times = (what) => [line('p50', what, at(0.5)), line('p99', what, at(0.99))];
  const stock = (what, unit) => course.stock.map((one) => [one.at / 60, one[what] / unit]);
  return chart({
    title: `A soak of ${minutes} minutes, every ${seconds} s`,
    panels: [
      {
        title: 'Scrape, with waiting for what others collect',
        x,
        y: { name: 'ms', min: 0 },
        series: times('ms'),
      },
      { title: 'Of that read, merge and render', x, y: { name: 'ms', min: 0 }, series: times('work') },
      {
        title: 'Most files (an owner that collects has two), and most living owners',
        x,
        y: { name: 'number', min: 0 },
        series: [line('files', 'files', most), line('living owners', 'owners', most, true)],
      },
      { title: 'Memory of the scraper', x, y: { name: 'MiB', min: 0 }, series: [line('RSS', 'rss', mib)] },
      {
        title: 'Error: the total that is shown less the total that was counted, all members being stopped',
        x,
        y: { name: 'steps', min: 0 },
        series: [
          { name: 'shown more than counted', data: stock('more', 1) },
          { name: 'deaths so far, in hundreds', data: stock('deaths', 100), dashed: true },
        ],
      },
    ],
  });
}
