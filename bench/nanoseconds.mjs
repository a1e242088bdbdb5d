// Shared by the sections that measure nanoseconds. A row has a `name`, a `title`, and the `figures` and `ratio` of `compared`.
import { factor, number, spreadOut } from './figures.mjs';
import { bestOther, figureOf, own } from './rivals.mjs';
import { median, spread } from './statistics.mjs';

/** The medians of the trials of each rival, and how many times as fast ours is as the best rival. */
export function compared(contestants, nanosecondsOf) {
  const figures = contestants.map(({ rival, trials }) => {
    const times = trials.map(nanosecondsOf);
    return { rival, nanoseconds: median(times), spread: spread(times), trials: times };
  });
  return { figures, ratio: bestOther(figures, 'nanoseconds') / figureOf(figures, own).nanoseconds };
}

/** The cells of a row: its title, the figure of each column's rival, the ratio. */
export function nanosecondRow({ title, figures, ratio }, columns) {
  const cells = columns.map((name) => {
    const figure = figureOf(figures, name);
    return figure === undefined ? '' : spreadOut(number(figure.nanoseconds), figure.spread);
  });
  return [title, ...cells, `**${factor(ratio)}**`];
}

/** A panel with a group of bars for each row whose name begins with one of the families. */
export function barPanel(title, rows, families, columns) {
  const shown = rows.filter(({ name }) => families.some((family) => name.startsWith(family)));
  return {
    title,
    x: { type: 'category', categories: shown.map(({ name }) => name.replace('-', '\n')) },
    y: { type: 'log', name: 'ns per operation', min: 1 },
    series: columns.map((name) => ({
      name,
      type: 'bar',
      data: shown.map(({ figures }) => figureOf(figures, name)?.nanoseconds ?? null),
    })),
  };
}
