import type uPlot from 'uplot';
import type { BucketCount } from '../src/views/bucket-counts';

/** Draws the buckets of each interval as cells, the darker the more observations they have. One without an upper bound is not drawn. */
export function drawHeatmap(
  plot: uPlot,
  times: readonly number[],
  heat: readonly (readonly BucketCount[])[],
): void {
  const { ctx } = plot;
  const most = Math.max(1, ...heat.flatMap((cells) => cells.map(({ count }) => count)));
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
      ctx.fillStyle = `rgba(0, 114, 178, ${0.08 + 0.8 * Math.sqrt(count / most)})`;
      ctx.fillRect(start, upper, end - start, lower - upper);
    }
  }
  ctx.restore();
}

/** The picture as numbers: the cells of the last intervals, the slowest first, as [bounds, count of the last one, of ten, of all]. */
export function heatRows(
  heat: readonly (readonly BucketCount[])[],
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
