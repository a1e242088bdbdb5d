import type { RecordedFamily, RecordedSeries } from '../../views/recorded-series';
import type { Recording } from '../../views/recording';
import { familyQuantiles, sum } from '../../views/requests';
import { rateText, sparkline, valueText } from '../../views/units';

/** The columns that rows can be sorted by. */
export const orders = ['rate', 'p99', 'share', 'name'] as const;
export type Order = (typeof orders)[number];

/** A line of the table: a family, its series with one value of a label, or one series. Only rows that are shown have their numbers read. */
export interface Row {
  readonly family: RecordedFamily;
  readonly series: readonly RecordedSeries[];
  readonly labels: string;
}

/**
 * The rows of all families, which may be grouped by a label, or of the series of one family. Only rows with the text in name or
 * labels.
 */
export function rowsOf(
  recording: Recording,
  family: RecordedFamily | undefined,
  filter: string,
  order: Order,
  by?: string,
): Row[] {
  const rows =
    family === undefined
      ? [...recording.families.values()].flatMap((one) => familyRows(one, filter, by))
      : filtered(seriesRows(family), filter);
  const keyed = rows.map((row) => ({ row, key: order === 'name' ? 0 : (numberOf[order](row) ?? 0) }));
  // Series that are alike stay in the order of the exposition: there may be thousands.
  const hasNames = family === undefined || order === 'name';
  return keyed.sort((a, b) => b.key - a.key || (hasNames ? byName(a.row, b.row) : 0)).map(({ row }) => row);
}

function seriesRows(family: RecordedFamily): Row[] {
  return family.series.map((one) => ({ family, series: [one], labels: one.text }));
}

function filtered(rows: readonly Row[], filter: string): readonly Row[] {
  const needle = filter.toLowerCase();
  if (needle === '') return rows;
  return rows.filter(({ family, labels }) => `${family.name}{${labels}}`.toLowerCase().includes(needle));
}

function byName(a: Row, b: Row): number {
  return byText(a.family.name, b.family.name) || byText(a.labels, b.labels);
}

/** A row for each value of the label, if the family has it; else one of the series with the text. */
function familyRows(family: RecordedFamily, filter: string, by: string | undefined): readonly Row[] {
  const groups = groupRows(family, by);
  if (groups !== undefined) return filtered(groups, filter);
  const hasName = family.name.toLowerCase().includes(filter.toLowerCase());
  const series = hasName ? family.series : filtered(seriesRows(family), filter).flatMap((row) => row.series);
  if (series.length === 0 && !hasName) return [];
  const [only, ...others] = series;
  return [{ family, series, labels: only && others.length === 0 ? only.text : `${series.length} series` }];
}

function groupRows(family: RecordedFamily, by: string | undefined): Row[] | undefined {
  if (by === undefined || !labelNames([family]).includes(by)) return undefined;
  const groups = new Map<string, RecordedSeries[]>();
  for (const one of family.series) {
    const labels = `${by}=${labelOf(one, by)}`;
    const group = groups.get(labels);
    if (group === undefined) groups.set(labels, [one]);
    else group.push(one);
  }
  return [...groups].map(([labels, series]) => ({ family, series, labels }));
}

function labelOf({ labels }: RecordedSeries, label: string): string {
  return labels.find(([name]) => name === label)?.[1] ?? '';
}

/** The labels that rows can be grouped by, as the first series of each family has them. */
export function labelNames(families: Iterable<RecordedFamily>): string[] {
  const names = [...families].flatMap(({ series }) => series[0]?.labels.map(([name]) => name) ?? []);
  return [...new Set(names)].sort(byText);
}

/** The numbers that rows can be sorted by. */
const numberOf: Readonly<Record<Exclude<Order, 'name'>, (row: Row) => number | undefined>> = {
  rate: rateOf,
  p99: (row) => quantilesOf(row, [0.99])[0],
  share: shareOf,
};

function rateOf({ series }: Row): number {
  return sum(series, ({ rate }) => rate);
}

/** Of a gauge. */
function gaugeValue({ series }: Row): number {
  return sum(series, ({ value }) => value);
}

/** A summary of one series has quantiles, several have none in common. */
function quantilesOf({ family, series }: Row, quantiles: readonly number[]): (number | undefined)[] {
  const [only, ...others] = series.slice(0, 2);
  if (only === undefined || others.length > 0) return familyQuantiles({ ...family, series }, quantiles);
  return quantiles.map((quantile) => only.quantile(quantile));
}

/** Seconds that were observed in a second: the first to optimize has the most. 0 for other units. */
export function shareOf({ family, series }: Row): number {
  const isTime = family.name.endsWith('_seconds') && family.type !== 'gauge';
  return isTime ? sum(series, ({ sumRate }) => sumRate) : 0;
}

/** Rates, or values of a gauge, added up. */
function historyOf({ family, series }: Row, length: number): readonly number[] {
  if (series.length === family.series.length) return family.history.slice(-length);
  const total: number[] = [];
  for (const one of series) {
    for (const [i, number] of one.history(length).entries()) total[i] = (total[i] ?? 0) + number;
  }
  return total;
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The cells of a row: rate or value, p50, p99, share of the time of all rows, and the line over time. */
export function cellsOf(row: Row, allShares: number, length: number): string[] {
  const { family, series } = row;
  const [p50, p99] = quantilesOf(row, [0.5, 0.99]);
  const share = shareOf(row);
  return [
    series.some(({ isReset }) => isReset)
      ? 'reset'
      : family.type === 'gauge'
        ? valueText(family.name, gaugeValue(row))
        : rateText(rateOf(row)),
    valueText(family.name, p50),
    valueText(family.name, p99),
    share > 0 && allShares > 0 ? `${Math.round((share / allShares) * 100)} %` : '',
    sparkline(historyOf(row, length)),
  ];
}

/** A frame for programs: each series, or all with one value of a label, with its rate or value and the quantiles of the interval. */
export function documentOf(recording: Recording, nowMs: number, filter: string, by?: string): object {
  const families = rowsOf(recording, undefined, '', 'name').map(({ family }) => {
    const groups = groupRows(family, by);
    return {
      name: family.name,
      type: family.type,
      series: filtered(groups ?? seriesRows(family), filter).map((row) => ({
        labels: Object.fromEntries(
          (row.series[0]?.labels ?? []).filter(([name]) => groups === undefined || name === by),
        ),
        ...numbersOf(row),
      })),
    };
  });
  return { time: nowMs / 1000, families: families.filter(({ series }) => series.length > 0) };
}

function numbersOf(row: Row): object {
  const [p50, p99] = quantilesOf(row, [0.5, 0.99]);
  return {
    ...(row.family.type === 'gauge' ? { value: textOf(gaugeValue(row)) } : { rate: textOf(rateOf(row)) }),
    ...(p50 === undefined ? {} : { p50: textOf(p50), p99: textOf(p99) }),
  };
}

/** JSON has no Infinity. */
function textOf(value: number | undefined): number | string | undefined {
  return value === undefined || Number.isFinite(value) ? value : `${value}`;
}
