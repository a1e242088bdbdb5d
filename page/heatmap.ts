import type uPlot from 'uplot';
import { mergedNative } from '../src/model/native-histogram';
import type { RecordedFamily, RecordedSeries } from '../src/views/recorded-series';

/** The observations of an interval between two bounds. */
export interface HeatCell {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/**
 * The cells of some series of a family in the last interval, without empty ones, in ascending order: exponential buckets where the
 * histogram has them, else classic ones, of which the last has no upper bound.
 */
export function cellsOf({ bounds }: RecordedFamily, series: readonly RecordedSeries[]): HeatCell[] {
  const native = mergedNative(series.flatMap(({ native }) => (native === undefined ? [] : [native])));
  if (native !== undefined) {
    const boundOf = (key: number): number => 2 ** (key * 2 ** -native.schema);
    return [
      { from: 0, to: native.zeroThreshold, count: native.zeroCount },
      ...native.positive.map(([key, count]) => ({ from: boundOf(key - 1), to: boundOf(key), count })),
    ].filter(({ count }) => count > 0);
  }
  const cumulative = new Array<number>(bounds.length + 1).fill(0);
  for (const one of series) one.addBuckets(cumulative);
  return cumulative
    .map((count, i) => ({
      from: bounds[i - 1] ?? 0,
      to: bounds[i] ?? Infinity,
      count: count - (cumulative[i - 1] ?? 0),
    }))
    .filter(({ count }) => count > 0);
}

/** Draws the cells of each interval, the darker the more observations they have. One without an upper bound is not drawn. */
export function drawHeatmap(
  plot: uPlot,
  times: readonly number[],
  heat: readonly (readonly HeatCell[])[],
): void {
  const { ctx } = plot;
  const totals = heat.map((cells) => cells.reduce((total, { count }) => total + count, 0));
  const most = Math.max(1, ...totals);
  const { left, top, width, height } = plot.bbox;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  for (const [i, cells] of heat.entries()) {
    const start = plot.valToPos(times[i - 1] ?? (times[i] ?? 0) - 1, 'x', true);
    const end = plot.valToPos(times[i] ?? 0, 'x', true);
    for (const { from, to, count } of cells) {
      if (to === Infinity) continue;
      const upper = plot.valToPos(to, 'y', true);
      const lower = plot.valToPos(from, 'y', true);
      ctx.fillStyle = `rgba(0, 114, 178, ${0.12 + 0.6 * Math.sqrt(count / most)})`;
      ctx.fillRect(start, upper, end - start, lower - upper);
    }
  }
  ctx.restore();
}

/** The picture as numbers: the cells of the last intervals, the slowest first, as [bounds, count of the last one, of ten, of all]. */
export function heatRows(
  heat: readonly (readonly HeatCell[])[],
  text: (bound: number) => string,
): [name: string, last: number, ten: number, all: number][] {
  const rows = new Map<string, { to: number; counts: [number, number, number] }>();
  for (const [i, cells] of heat.entries()) {
    for (const { from, to, count } of cells) {
      const name = to === Infinity ? `over ${text(from)}` : `${text(from)} to ${text(to)}`;
      const { counts } = rows.get(name) ?? { counts: [0, 0, 0] };
      rows.set(name, { to, counts });
      if (i === heat.length - 1) counts[0] += count;
      if (i >= heat.length - 10) counts[1] += count;
      counts[2] += count;
    }
  }
  return [...rows]
    .sort(([, a], [, b]) => b.to - a.to)
    .map(([name, { counts }]) => [name, ...counts] as [string, number, number, number]);
}
