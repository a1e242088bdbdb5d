import uPlot from 'uplot';
import type { BucketCount } from '../src/views/bucket-counts';
import { shortNumber, valueText } from '../src/views/units';
import { drawHeatmap } from './heatmap';

/** Told apart by colour-blind people (Okabe and Ito). */
const colours = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00'];

/** A process that has ended. */
export interface Death {
  readonly time: number;
  readonly pid: string;
}

/** The numbers of the last intervals at these times. */
export interface ChartData {
  readonly times: number[];
  readonly heat: (readonly BucketCount[])[];
  readonly p50: (number | null)[];
  readonly p99: (number | null)[];
  readonly deaths: readonly Death[];
}

/** The two charts. A process that ends is a line in both. */
export class Charts {
  readonly #data: ChartData;
  #rates: uPlot | undefined;
  #latency: uPlot | undefined;
  #shownRoutes = '';

  constructor(data: ChartData) {
    this.#data = data;
    addEventListener('resize', () => {
      for (const plot of [this.#rates, this.#latency])
        plot?.setSize({ width: plot.root.parentElement?.clientWidth || 360, height: 260 });
    });
  }

  /** A line for each route. */
  showRates(routes: readonly string[], lines: readonly (number | null)[][]): void {
    const { times } = this.#data;
    const order = routes.join('\n');
    if (this.#rates !== undefined && order === this.#shownRoutes) {
      this.#rates.setData([times, ...lines]);
      return;
    }
    this.#rates?.destroy();
    this.#shownRoutes = order;
    const series = routes.map((label, i) => ({ label, stroke: colours[i] ?? '#888', width: 2 }));
    this.#rates = this.#plot('rates', 'requests a second', series, [times, ...lines], shortNumber);
  }

  /** Quantiles as lines, over a heatmap of the buckets. */
  showLatency(): void {
    const { times, heat, p50, p99 } = this.#data;
    if (this.#latency !== undefined) {
      this.#latency.setData([times, p50, p99]);
      return;
    }
    const series = [
      { label: 'p50', stroke: '#009e73', width: 2 },
      { label: 'p99', stroke: '#d55e00', width: 2 },
    ];
    const title = 'latency, shaded by the number of requests';
    const unit = (value: number): string => valueText('_seconds', value);
    const draw = (plot: uPlot): void => drawHeatmap(plot, times, heat);
    this.#latency = this.#plot('latency', title, series, [times, p50, p99], unit, draw);
  }

  #plot(
    id: string,
    title: string,
    series: uPlot.Series[],
    data: uPlot.AlignedData,
    unit: (value: number) => string,
    drawBehind: (plot: uPlot) => void = () => undefined,
  ): uPlot {
    const into = document.getElementById(id) as HTMLElement;
    const axis = {
      stroke: getComputedStyle(document.body).color,
      grid: { stroke: 'rgba(128,128,128,.25)' },
      ticks: { stroke: 'rgba(128,128,128,.4)' },
    };
    const options: uPlot.Options = {
      ...{ title, width: into.clientWidth || 360, height: 260, series: [{}, ...series] },
      legend: { live: false },
      axes: [axis, { ...axis, values: (_plot, splits) => splits.map(unit), size: 60 }],
      scales: { y: { range: (_plot, _low, high) => [0, high || 1] } },
      hooks: { drawAxes: [drawBehind], draw: [(plot) => this.#markDeaths(plot)] },
    };
    return new uPlot(options, data, into);
  }

  #markDeaths(plot: uPlot): void {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.fillStyle = ctx.strokeStyle = getComputedStyle(document.body).color;
    ctx.textAlign = 'left';
    ctx.setLineDash([6, 4]);
    for (const { time, pid } of this.#data.deaths) {
      if (time < (this.#data.times[0] ?? 0)) continue;
      const x = plot.valToPos(time, 'x', true);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.fillText(`${pid} ended`, x + 4, bbox.top + 14 * devicePixelRatio);
    }
    ctx.restore();
  }
}
