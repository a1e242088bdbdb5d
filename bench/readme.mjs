// README's table, with figures of the report.
import { readFileSync, writeFileSync } from 'node:fs';
import { count, milliseconds, number } from './figures.mjs';
import { figureOf, incumbent, own } from './rivals.mjs';

const begin = '<!-- figures of npm run bench -->\n\n';
const end = '\n<!-- end of figures -->';

/** Writes the table between the two markers of a file. */
export function rewriteTable(file, results) {
  const text = readFileSync(file, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to < from)
    throw new Error(`${file}: expected a table between ${begin.trim()} and ${end.trim()}`);
  writeFileSync(file, text.slice(0, from + begin.length) + readmeTable(results) + text.slice(to));
}

function readmeTable(results) {
  const resultOf = (wanted) => results.find(({ name }) => name === wanted);
  const { figures: scrape, idle } = resultOf('scrape-10000');
  const theirs = figureOf(scrape, incumbent);
  const ours = scrape.find(({ rival, server }) => rival === own && server === 'worker');
  const both = (name, written) =>
    [incumbent, own].map((rival) => written(figureOf(resultOf(name).figures, rival))).join(' | ');
  const nanoseconds = (figure) => `${number(figure.nanoseconds)} ns`;
  return `| 4 workers, 10,000 label sets each | prom-client's \`AggregatorRegistry\` | prom-client-mmap |
| --- | --- | --- |
| one scrape | ${milliseconds(theirs.milliseconds)} | ${milliseconds(ours.milliseconds)} |
| the event loop of the answering process is blocked for | ${milliseconds(theirs.stop)} | ${milliseconds(ours.stop)} |
| that of another worker is blocked for | ${milliseconds(theirs.otherStop)} | ${beyond(ours.otherStop, idle.otherStop)} |
| p99 of a request under load, a scrape each second (3 workers, ${count(resultOf('load').sets)} label sets) | ${both('load', ({ p99 }) => milliseconds(p99))} |
| a worker dies | its counts vanish: counters go *down* | no count is lost, no file is left |
| a worker is busy | the whole scrape waits, and fails after 5 s | the scrape reads its numbers from its file |
| processes that can answer | the primary | all, with PM2 and plain forks too |
| summary quantiles | added up | merged, within 1.1 % |
| \`inc()\` of a bound child | ${both('counter-bound', nanoseconds)} |
| \`inc({ method, route, status })\` | ${both('counter-object', nanoseconds)} |
| the first three uses of a new label set, together | ${both('series-counter', nanoseconds)} |
`;
}

/** A stop, unless it is within a millisecond of the stop without a scrape. */
function beyond(stop, idle) {
  return stop <= idle + 1 ? 'not at all' : milliseconds(stop);
}
