// README's table: its figures are those of the report, and nobody has to remember them.
import { readFileSync, writeFileSync } from 'node:fs';
import { milliseconds, number } from './figures.mjs';
import { figureOf, own } from './rivals.mjs';

const incumbent = 'prom-client';
const begin = '<!-- figures of npm run bench -->\n\n';
const end = '\n<!-- end of figures -->';

/** Puts the figures between the two markers of a file. */
export function rewriteTable(file, results) {
  const text = readFileSync(file, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to < from)
    throw new Error(`${file}: expected a table between ${begin.trim()} and ${end.trim()}`);
  writeFileSync(file, text.slice(0, from + begin.length) + readmeTable(results) + text.slice(to));
}

function readmeTable(results) {
  const { figures: scrape, idle } = results.find(({ name }) => name === 'scrape-10000');
  const kept = results.find(({ name }) => name === 'counter-kept');
  const labelled = results.find(({ name }) => name === 'counter-object');
  const theirs = figureOf(scrape, incumbent);
  const ours = scrape.find(({ rival, server }) => rival === own && server === 'worker');
  const nanoseconds = ({ figures }, name) => `${number(figureOf(figures, name).nanoseconds)} ns`;
  return `| 4 workers, 10,000 label sets each | prom-client's \`AggregatorRegistry\` | prom-client-mmap |
| --- | --- | --- |
| one scrape | ${milliseconds(theirs.milliseconds)} | ${milliseconds(ours.milliseconds)} |
| the worker that answers stands still for | ${milliseconds(theirs.stop)} | ${milliseconds(ours.stop)} |
| the other workers stand still for | ${milliseconds(theirs.otherStop)} | ${beyond(ours.otherStop, idle.otherStop)} |
| a worker dies | its counts vanish: counters go *down* | nothing is lost, no file is left |
| a worker is busy | the whole scrape waits, and fails after 5 s | nobody notices |
| who can answer | the primary | any process, with PM2 and plain forks too |
| summary quantiles | added up | merged, within 1.1 % |
| \`labels(...)\` kept, then \`inc()\` | ${nanoseconds(kept, incumbent)} | ${nanoseconds(kept, own)} |
| \`inc({ method, route, status })\` | ${nanoseconds(labelled, incumbent)} | ${nanoseconds(labelled, own)} |
`;
}

/** A stop, unless that is what there is without a scrape: the timer's turns differ by a millisecond. */
function beyond(stop, idle) {
  return stop <= idle + 1 ? 'not at all' : milliseconds(stop);
}
