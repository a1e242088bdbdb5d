import type { RecordedFamily, RecordedSeries, Recording } from '../../views/recording';
import { familyHistory, familyQuantile, sum } from '../../views/requests';
import { rateText, sparkline, valueText } from '../../views/units';

/** The columns that rows can be sorted by. */
export const orders = ['rate', 'p99', 'share', 'name'] as const;
export type Order = (typeof orders)[number];

/** A line of the table: a family, or one of its series. */
export interface Row {
  readonly family: RecordedFamily;
  /** Undefined: all series of the family. */
  readonly series: RecordedSeries | undefined;
  readonly name: string;
  readonly labels: string;
  readonly rate: number;
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  /** Seconds that were observed in a second: the first to optimize has the most. 0 for other units. */
  readonly share: number;
  readonly isReset: boolean;
}

/** The rows of all families, or of the series of one family. Only families with the text in name or labels. */
export function rowsOf(
  recording: Recording,
  family: RecordedFamily | undefined,
  filter: string,
  order: Order,
): Row[] {
  const { frame } = recording;
  const all =
    family === undefined
      ? [...recording.families.values()].map((one) => familyRow(one, frame))
      : family.series.map((one) => seriesRow(one, frame));
  const needle = filter.toLowerCase();
  const rows = all.filter(({ name, labels }) => `${name}{${labels}}`.toLowerCase().includes(needle));
  const numberOf = (row: Row): number => (order === 'name' ? 0 : (row[order] ?? 0));
  return rows.sort(
    (a, b) =>
      numberOf(b) - numberOf(a) ||
      (a.name < b.name ? -1 : a.name > b.name ? 1 : a.labels < b.labels ? -1 : 1),
  );
}

function familyRow(family: RecordedFamily, frame: number): Row {
  const isTime = family.name.endsWith('_seconds');
  return {
    family,
    series: undefined,
    name: family.name,
    labels: family.series.length === 1 ? labelText(family.series[0]) : `${family.series.length} series`,
    rate: sum(family.series, (one) => one.rateAt(frame)),
    p50: familyQuantile(family, frame, 0.5) ?? onlyQuantile(family, frame, 0.5),
    p99: familyQuantile(family, frame, 0.99) ?? onlyQuantile(family, frame, 0.99),
    share: isTime && family.type !== 'gauge' ? sum(family.series, (one) => one.sumRateAt(frame)) : 0,
    isReset: family.series.some(({ resetAt }) => resetAt === frame),
  };
}

/** A summary of one series has quantiles, several have none in common. */
function onlyQuantile({ series }: RecordedFamily, frame: number, quantile: number): number | undefined {
  return series.length === 1 ? series[0]?.quantileAt(frame, quantile) : undefined;
}

function seriesRow(series: RecordedSeries, frame: number): Row {
  const { family } = series;
  const isTime = family.name.endsWith('_seconds');
  return {
    family,
    series,
    name: family.name,
    labels: labelText(series),
    rate: series.rateAt(frame),
    p50: series.quantileAt(frame, 0.5),
    p99: series.quantileAt(frame, 0.99),
    share: isTime && family.type !== 'gauge' ? series.sumRateAt(frame) : 0,
    isReset: series.resetAt === frame,
  };
}

export function labelText(series: RecordedSeries | undefined): string {
  return (series?.labels ?? []).map(([name, value]) => `${name}=${value}`).join(',');
}

/** The cells of a row: rate or value, p50, p99, share of the time of all rows, and the line over time. */
export function cellsOf(row: Row, frame: number, allShares: number, length: number): string[] {
  const { family, series, rate, p50, p99, share, isReset } = row;
  const history = series === undefined ? familyHistory(family, frame, length) : series.history(frame, length);
  const isGauge = family.type === 'gauge';
  const value = sum(series === undefined ? family.series : [series], ({ values }) => values[0] ?? 0);
  return [
    isReset ? 'reset' : isGauge ? valueText(family.name, value) : rateText(rate),
    valueText(family.name, p50),
    valueText(family.name, p99),
    share > 0 && allShares > 0 ? `${Math.round((share / allShares) * 100)} %` : '',
    sparkline(history),
  ];
}

/** A frame for programs: each series with its rate or value, and the quantiles of the interval. */
export function documentOf(recording: Recording, nowMs: number, filter: string): object {
  const families = rowsOf(recording, undefined, '', 'name').map(({ family }) => ({
    name: family.name,
    type: family.type,
    series: rowsOf(recording, family, filter, 'name').map(({ series, rate, p50, p99 }) => ({
      labels: Object.fromEntries(series?.labels ?? []),
      ...(family.type === 'gauge' ? { value: series?.values[0] } : { rate }),
      ...(p50 === undefined ? {} : { p50: textOf(p50), p99: textOf(p99) }),
    })),
  }));
  return { time: nowMs / 1000, families: families.filter(({ series }) => series.length > 0) };
}

/** JSON has no Infinity. */
function textOf(value: number | undefined): number | string | undefined {
  return value === undefined || Number.isFinite(value) ? value : `${value}`;
}
