import type { RecordedFamily, RecordedSeries } from '../../views/recorded-series';
import type { Recording } from '../../views/recording';
import { familyQuantiles, sum } from '../../views/requests';
import { rateText, sparkline, valueText } from '../../views/units';

/** The columns that rows can be sorted by. */
export const orders = ['rate', 'p99', 'share', 'name'] as const;
export type Order = (typeof orders)[number];

/** A line of the table: a family, or one of its series. Only the rows that are shown have their numbers read. */
export interface Row {
  readonly family: RecordedFamily;
  /** Undefined: all series of the family. */
  readonly series: RecordedSeries | undefined;
}

/** The rows of all families, or of the series of one family. Only families with the text in name or labels. */
export function rowsOf(
  recording: Recording,
  family: RecordedFamily | undefined,
  filter: string,
  order: Order,
): Row[] {
  const all: Row[] =
    family === undefined
      ? [...recording.families.values()].map((one) => ({ family: one, series: undefined }))
      : family.series.map((series) => ({ family, series }));
  const needle = filter.toLowerCase();
  const isShown = (row: Row): boolean =>
    `${row.family.name}{${labelsOf(row)}}`.toLowerCase().includes(needle);
  const rows = needle === '' ? all : all.filter(isShown);
  const keyed = rows.map((row) => ({ row, key: order === 'name' ? 0 : (numberOf[order](row) ?? 0) }));
  // Series that are alike stay in the order of the exposition: there may be thousands.
  const hasNames = family === undefined || order === 'name';
  return keyed
    .sort((a, b) => b.key - a.key || (hasNames ? byText(textOfRow(a.row), textOfRow(b.row)) : 0))
    .map(({ row }) => row);
}

function textOfRow({ family, series }: Row): string {
  return series === undefined ? family.name : series.text;
}

/** The numbers that rows can be sorted by. */
const numberOf: Readonly<Record<Exclude<Order, 'name'>, (row: Row) => number | undefined>> = {
  rate: rateOf,
  p99: (row) => quantilesOf(row, [0.99])[0],
  share: shareOf,
};

function seriesOf({ family, series }: Row): readonly RecordedSeries[] {
  return series === undefined ? family.series : [series];
}

function rateOf(row: Row): number {
  return sum(seriesOf(row), ({ rate }) => rate);
}

/** A summary of one series has quantiles, several have none in common. */
function quantilesOf({ family, series }: Row, quantiles: readonly number[]): (number | undefined)[] {
  const [only, ...others] = series === undefined ? family.series.slice(0, 2) : [series];
  if (only === undefined || others.length > 0) return familyQuantiles(family, quantiles);
  return quantiles.map((quantile) => only.quantile(quantile));
}

/** Seconds that were observed in a second: the first to optimize has the most. 0 for other units. */
export function shareOf(row: Row): number {
  const isTime = row.family.name.endsWith('_seconds') && row.family.type !== 'gauge';
  return isTime ? sum(seriesOf(row), ({ sumRate }) => sumRate) : 0;
}

export function labelsOf({ family, series }: Row): string {
  if (series !== undefined) return series.text;
  const [only] = family.series;
  return family.series.length === 1 && only ? only.text : `${family.series.length} series`;
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The cells of a row: rate or value, p50, p99, share of the time of all rows, and the line over time. */
export function cellsOf(row: Row, allShares: number, length: number): string[] {
  const { family, series } = row;
  const [p50, p99] = quantilesOf(row, [0.5, 0.99]);
  const share = shareOf(row);
  const all = seriesOf(row);
  return [
    all.some(({ isReset }) => isReset)
      ? 'reset'
      : family.type === 'gauge'
        ? valueText(
            family.name,
            sum(all, ({ value }) => value),
          )
        : rateText(rateOf(row)),
    valueText(family.name, p50),
    valueText(family.name, p99),
    share > 0 && allShares > 0 ? `${Math.round((share / allShares) * 100)} %` : '',
    sparkline(series === undefined ? family.history.slice(-length) : series.history(length)),
  ];
}

/** A frame for programs: each series with its rate or value, and the quantiles of the interval. */
export function documentOf(recording: Recording, nowMs: number, filter: string): object {
  const families = rowsOf(recording, undefined, '', 'name').map(({ family }) => ({
    name: family.name,
    type: family.type,
    series: rowsOf(recording, family, filter, 'name').map((row) => {
      const [p50, p99] = quantilesOf(row, [0.5, 0.99]);
      return {
        labels: Object.fromEntries(row.series?.labels ?? []),
        ...(family.type === 'gauge' ? { value: textOf(row.series?.value) } : { rate: rateOf(row) }),
        ...(p50 === undefined ? {} : { p50: textOf(p50), p99: textOf(p99) }),
      };
    }),
  }));
  return { time: nowMs / 1000, families: families.filter(({ series }) => series.length > 0) };
}

/** JSON has no Infinity. */
function textOf(value: number | undefined): number | string | undefined {
  return value === undefined || Number.isFinite(value) ? value : `${value}`;
}
