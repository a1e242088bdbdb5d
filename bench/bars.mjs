// Tables and charts of nanoseconds per operation. A row has a `name`, a `title`, `figures` and a `ratio`.
import { factor, number, spreadOut } from './figures.mjs';
import { figureOf } from './rivals.mjs';

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
