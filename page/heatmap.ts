import type uPlot from 'uplot';

/** Draws the buckets of each interval as cells, the darker the more requests they have. The last bucket has no upper bound: it is not drawn. */
export function drawHeatmap(
  plot: uPlot,
  times: readonly number[],
  cumulative: readonly (readonly number[])[],
  bounds: readonly number[],
): void {
  const { ctx } = plot;
  const most = Math.max(1, ...cumulative.map((counts) => counts.at(-1) ?? 0));
  const { left, top, width, height } = plot.bbox;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  for (const [i, counts] of cumulative.entries()) {
    const from = plot.valToPos(times[i - 1] ?? (times[i] ?? 0) - 1, 'x', true);
    const to = plot.valToPos(times[i] ?? 0, 'x', true);
    for (const [bucket, bound] of bounds.entries()) {
      const count = (counts[bucket] ?? 0) - (counts[bucket - 1] ?? 0);
      if (!(count > 0)) continue;
      const upper = plot.valToPos(bound, 'y', true);
      const lower = plot.valToPos(bounds[bucket - 1] ?? 0, 'y', true);
      ctx.fillStyle = `rgba(0, 114, 178, ${0.12 + 0.6 * (count / most)})`;
      ctx.fillRect(from, upper, to - from, lower - upper);
    }
  }
  ctx.restore();
}
