// The longest stop of the event loop, for each kind of work that takes time in proportion to the series.
import { count, milliseconds, table } from '../figures.mjs';
import { incumbent, own } from '../rivals.mjs';
import { median } from '../statistics.mjs';

const all = [incumbent, own];
const works = [
  { work: 'burst', title: 'new series, 100 in each turn', rivals: all },
  { work: 'churn', title: 'series come and go: the segment is rewritten', rivals: all },
  { work: 'text', title: '`register.metrics()`', rivals: all },
  { work: 'json', title: '`register.getMetricsAsJSON()`', rivals: all },
  { work: 'groupJson', title: '`register.getGroupMetricsAsJSON()`', rivals: [own] },
  { work: 'ttl', title: '`ttlSeconds`: all series are looked at and removed', rivals: [own] },
  { work: 'room', title: 'series move to the file when there is room again', rivals: [own] },
  { work: 'first', title: 'the first metric during a scrape', rivals: all },
  { work: 'terminate', title: '`terminate()` of a thread in `get()`', rivals: all },
];

export function measurements({ rounds, series }) {
  return works.flatMap(({ work, title, rivals }) =>
    series.map((number) => ({
      name: `stops-${work}-${number}`,
      title,
      series: number,
      rounds,
      module: 'stops/trial.mjs',
      contestants: rivals.map((rival) => ({ rival, trial: { rival, work, series: number }, trials: [] })),
    })),
  );
}

/** Milliseconds, with and without the garbage collector. */
export function resultOf({ title, series, contestants }) {
  const figures = contestants.map(({ rival, trials }) => ({
    rival,
    longest: median(trials.map(({ longest }) => longest)),
    withoutGc: median(trials.map(({ withoutGc }) => withoutGc)),
    trials,
  }));
  return { title, series, figures };
}

export function tables(results) {
  const cells = ({ figures }) =>
    all.flatMap((name) => {
      const figure = figures.find(({ rival }) => rival === name);
      return figure === undefined ? ['', ''] : [figure.longest, figure.withoutGc].map(milliseconds);
    });
  const head = all.flatMap((name) => [name, 'without GC']);
  return table(
    ['the longest stop', 'series', ...head],
    results.map((result) => [result.title, count(result.series), ...cells(result)]),
  );
}

export function charts() {
  return [];
}

export function chapter(results, { rounds }) {
  return `## The longest stop of the event loop

${tables(results)}
A timer of 1 ms notes the longest time between two of its turns while a process does work that takes time in proportion to its
series, of a counter with three labels. *without GC* leaves out the collections of V8's heap in that time, which depend on the
rest of the application. The time in which the process waited for a core, because another one had it, is left out of both. An idle loop shows a
little over 1 ms.

- Medians of ${rounds} fresh processes. Where ${incumbent} has nothing of the kind its cells are empty.
- The work is checked afterwards: a trial fails if series are missing.
`;
}
