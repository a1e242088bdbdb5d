// The live page: reads the exposition, keeps the last minutes, and shows them. No data leaves the page.
import uPlot from 'uplot';
import { bucketQuantile } from '../src/views/quantile';
import { type RecordedFamily, type RecordedSeries, Recording } from '../src/views/recording';
import { durationsOf, requestsFamilyOf, requestsOf } from '../src/views/requests';
import { rateText, shortNumber, sparkline, valueText } from '../src/views/units';
import { linesOf } from './exposition';
import { drawHeatmap } from './heatmap';
import { bucketsOf, type RouteNumbers, routeOf } from './routes';

const intervalMs = 1000;
const frames = 120;
const mostWorkers = 16;
const mostLines = 6;
const mostFamilies = 200;

/** Told apart by colour-blind people (Okabe and Ito). */
const colours = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00'];

const path = document.querySelector<HTMLMetaElement>('meta[name=metrics]')?.content ?? '/metrics';
const recording = new Recording();
const workers = new Map<string, Recording>();
const times: number[] = [];
const heat: number[][] = [];
const quantiles: { p50: (number | null)[]; p99: (number | null)[] } = { p50: [], p99: [] };
const ratesByRoute = new Map<string, (number | null)[]>();
let sortedBy = 'p99';
let chosenRoute: string | undefined;
let isReading = false;

async function tick(): Promise<void> {
  if (isReading || document.hidden) return;
  isReading = true;
  try {
    const answer = await fetch(path, { headers: { accept: 'text/plain;version=0.0.4' } });
    if (!answer.ok) throw new Error(await answer.text());
    recording.add(linesOf(await answer.text()), performance.now());
    await readWorkers();
    note();
    show();
    say(
      `${workers.size} ${workers.size === 1 ? 'process' : 'processes'}, ${countSeries()} series, ${new Date().toLocaleTimeString()}`,
      false,
    );
  } catch (error) {
    say(`The application does not answer: ${(error as Error).message}. These are its last values.`, true);
  } finally {
    isReading = false;
  }
}

/** Each process alone, and only the families that the table of processes shows. */
async function readWorkers(): Promise<void> {
  const answer = await fetch('/targets').catch(() => undefined);
  if (!answer?.ok) return;
  const targets = (await answer.json()) as { labels: Record<string, string> }[];
  const pids = targets.map(({ labels }) => labels['pid'] ?? '').slice(0, mostWorkers);
  for (const pid of workers.keys()) if (!pids.includes(pid)) workers.delete(pid);
  const names = [
    requestsFamilyOf(recording)?.name,
    'nodejs_eventloop_lag_seconds',
    'process_resident_memory_bytes',
  ];
  const query = names
    .flatMap((name) => (name === undefined ? [] : [`&name[]=${encodeURIComponent(name)}`]))
    .join('');
  await Promise.all(
    pids.map(async (pid) => {
      const one = await fetch(`${path}?pid=${pid}${query}`);
      if (!one.ok) return;
      const known = workers.get(pid) ?? new Recording();
      workers.set(pid, known);
      known.add(linesOf(await one.text()), performance.now());
    }),
  );
}

/** Keeps the numbers of the frame for the charts. */
function note(): void {
  const { frame } = recording;
  times.push(Date.now() / 1000);
  for (const { route, rate } of routesNow()) {
    const line = ratesByRoute.get(route) ?? new Array<number | null>(times.length - 1).fill(null);
    ratesByRoute.set(route, line);
    line[times.length - 1] = rate;
  }
  const duration = durationsOf(recording);
  const buckets =
    duration === undefined ? [] : bucketsOf(duration.series.filter(isChosen), frame, duration.bounds.length);
  heat.push(buckets);
  const quantile = (q: number): number | null => {
    const found = duration && bucketQuantile(duration.bounds, buckets, q);
    return found === undefined || found === Infinity ? null : found;
  };
  quantiles.p50.push(quantile(0.5));
  quantiles.p99.push(quantile(0.99));
  if (times.length <= frames) return;
  for (const list of [times, heat, quantiles.p50, quantiles.p99, ...ratesByRoute.values()]) list.shift();
}

function isChosen(series: RecordedSeries): boolean {
  return chosenRoute === undefined || routeOf(series) === chosenRoute;
}

/** The numbers of each route, in the order that the user has chosen; the slowest first at the beginning. */
function routesNow(): RouteNumbers[] {
  const { frame } = recording;
  const counted = requestsFamilyOf(recording);
  const duration = durationsOf(recording);
  const grouped = (family: RecordedFamily | undefined): Map<string, RecordedSeries[]> => {
    const routes = new Map<string, RecordedSeries[]>();
    for (const series of family?.series ?? []) {
      const route = routeOf(series);
      routes.set(route, [...(routes.get(route) ?? []), series]);
    }
    return routes;
  };
  const durations = grouped(duration);
  const rows = [...grouped(counted)].map(([route, series]) => {
    const observed = durations.get(route) ?? [];
    const buckets = duration === undefined ? [] : bucketsOf(observed, frame, duration.bounds.length);
    const numbers = requestsOf(
      { families: new Map([['x', { ...(counted as RecordedFamily), series }]]), frame },
      1,
    );
    return {
      route,
      rate: numbers?.rate ?? 0,
      errors: numbers?.errorRatio ?? 0,
      p50: duration && bucketQuantile(duration.bounds, buckets, 0.5),
      p99: duration && bucketQuantile(duration.bounds, buckets, 0.99),
      share: observed.reduce((total, one) => total + one.sumRateAt(frame), 0),
    };
  });
  const of = (row: RouteNumbers): number => Number(row[sortedBy as keyof RouteNumbers] ?? 0) || 0;
  return rows.sort((a, b) => (sortedBy === 'route' ? 0 : of(b) - of(a)) || (a.route < b.route ? -1 : 1));
}

function show(): void {
  showNumbers();
  showCharts();
  showRoutes();
  showWorkers();
  showFamilies();
}

function showNumbers(): void {
  const requests = requestsOf(recording, 60);
  const cards: [string, string, string][] =
    requests === undefined
      ? [['families', `${recording.families.size}`, '']]
      : [
          ['requests', `${shortNumber(requests.rate)}/s`, sparkline(requests.rates.slice(-20))],
          ['errors', `${(requests.errorRatio * 100).toFixed(1)} %`, ''],
          ['p99', valueText('_seconds', requests.p99) || '-', ''],
          ...(requests.inProgress === undefined
            ? []
            : [['in progress', shortNumber(requests.inProgress), ''] as [string, string, string]]),
        ];
  replace(
    'numbers',
    cards.map(([name, value, line]) =>
      element('div', [
        element('span', [name]),
        element('strong', [value], { id: `now-${name.replace(' ', '-')}` }),
        element('span', [line]),
      ]),
    ),
  );
}

let ratesPlot: uPlot | undefined;
let latencyPlot: uPlot | undefined;
let shownRoutes = '';

function showCharts(): void {
  const routes = routesNow()
    .map(({ route }) => route)
    .filter((route) => chosenRoute === undefined || route === chosenRoute)
    .slice(0, mostLines)
    // A line keeps its colour, whatever the table is sorted by.
    .sort((a, b) => (a < b ? -1 : 1));
  const lines = routes.map((route) => times.map((_, i) => ratesByRoute.get(route)?.[i] ?? null));
  const order = routes.join('\n');
  if (ratesPlot === undefined || order !== shownRoutes) {
    ratesPlot?.destroy();
    shownRoutes = order;
    ratesPlot = plot(
      'rates',
      'requests a second',
      routes.map((label, i) => ({ label, stroke: colours[i] ?? '#888', width: 2 })),
      [times, ...lines],
    );
  } else {
    ratesPlot.setData([times, ...lines]);
  }
  const duration = durationsOf(recording);
  if (duration === undefined) return;
  const data: uPlot.AlignedData = [times, quantiles.p50, quantiles.p99];
  if (latencyPlot !== undefined) {
    latencyPlot.setData(data);
    return;
  }
  const series = [
    { label: 'p50', stroke: '#009e73', width: 2 },
    { label: 'p99', stroke: '#d55e00', width: 2 },
  ];
  latencyPlot = plot('latency', 'latency, shaded by the number of requests', series, data, (at) =>
    drawHeatmap(at, times, heat, durationsOf(recording)?.bounds ?? []),
  );
}

function plot(
  id: string,
  title: string,
  series: uPlot.Series[],
  data: uPlot.AlignedData,
  draw?: (plot: uPlot) => void,
): uPlot {
  const into = document.getElementById(id) as HTMLElement;
  const style = getComputedStyle(document.body);
  const axis = {
    stroke: style.color,
    grid: { stroke: 'rgba(128,128,128,.25)' },
    ticks: { stroke: 'rgba(128,128,128,.4)' },
  };
  const isTime = id === 'latency';
  const values = (_plot: uPlot, splits: number[]): string[] =>
    splits.map((value) => (isTime ? valueText('_seconds', value) : shortNumber(value)));
  const options: uPlot.Options = {
    ...{
      title,
      width: into.clientWidth || 360,
      height: 260,
      series: [{}, ...series],
      legend: { live: false },
    },
    axes: [axis, { ...axis, values, size: 60 }],
    scales: { y: { range: (_plot, _low, high) => [0, high || 1] } },
    hooks: draw === undefined ? {} : { drawAxes: [draw] },
  };
  return new uPlot(options, data, into);
}

function showRoutes(): void {
  const rows = routesNow();
  const all = rows.reduce((total, { share }) => total + share, 0) || 1;
  const head = ['route', 'rate', 'errors', 'p50', 'p99', 'share'].map((name) =>
    element(
      'th',
      [
        button(`${name}${name === sortedBy ? ' ▾' : ''}`, () => {
          sortedBy = name;
          show();
        }),
      ],
      { scope: 'col' },
    ),
  );
  const body = rows.map(({ route, rate, errors, p50, p99, share }) =>
    element(
      'tr',
      [
        element('td', [
          button(route, () => {
            chosenRoute = chosenRoute === route ? undefined : route;
            show();
          }),
        ]),
        ...[
          rateText(rate),
          errors > 0 ? `${(errors * 100).toFixed(1)} %` : '',
          valueText('_seconds', p50),
          valueText('_seconds', p99),
          share > 0 ? `${Math.round((share / all) * 100)} %` : '',
        ].map((text) => element('td', [text])),
      ],
      { class: route === chosenRoute ? 'chosen' : '' },
    ),
  );
  replace('routes', [element('tr', head), ...body]);
}

function showWorkers(): void {
  const head = element(
    'tr',
    ['pid', 'requests', 'event-loop lag', 'memory', 'last minute'].map((name) =>
      element('th', [name], { scope: 'col' }),
    ),
  );
  const body = [...workers].map(([pid, own]) => {
    const requests = requestsOf(own, 30);
    const gauge = (name: string): number | undefined => own.families.get(name)?.series[0]?.values[0];
    return element(
      'tr',
      [
        pid,
        rateText(requests?.rate ?? 0),
        valueText('_seconds', gauge('nodejs_eventloop_lag_seconds')),
        valueText('_bytes', gauge('process_resident_memory_bytes')),
        sparkline(requests?.rates ?? []),
      ].map((text) => element('td', [text])),
    );
  });
  replace('workers', [head, ...body]);
}

function showFamilies(): void {
  const search = (document.getElementById('search') as HTMLInputElement).value.toLowerCase();
  const head = element(
    'tr',
    ['series', 'value', 'rate', 'p99', 'trend'].map((name) => element('th', [name], { scope: 'col' })),
  );
  const rows: HTMLElement[] = [];
  for (const family of recording.families.values()) {
    for (const series of family.series) {
      if (rows.length >= mostFamilies) break;
      const name = `${family.name}${series.labels.length > 0 ? `{${series.labels.map(([label, value]) => `${label}="${value}"`).join(',')}}` : ''}`;
      if (!name.toLowerCase().includes(search)) continue;
      const isGauge = family.type === 'gauge';
      const value =
        family.type === 'histogram' || family.type === 'summary' ? series.values.at(-1) : series.values[0];
      const cells = [
        isGauge ? valueText(family.name, value) : shortNumber(value ?? 0),
        rateText(series.rateAt(recording.frame)),
        valueText(family.name, series.quantileAt(recording.frame, 0.99)),
        sparkline(series.history(recording.frame, 12)),
      ];
      rows.push(
        element('tr', [element('td', [name]), ...cells.map((text) => element('td', [text]))], {
          'data-series': name,
          'data-value': `${value}`,
        }),
      );
    }
  }
  replace('families', [head, ...rows]);
}

function countSeries(): number {
  return [...recording.families.values()].reduce((total, { series }) => total + series.length, 0);
}

function element(
  name: string,
  children: readonly (string | Node)[],
  attributes: Readonly<Record<string, string>> = {},
): HTMLElement {
  const made = document.createElement(name);
  made.append(...children);
  for (const [attribute, value] of Object.entries(attributes))
    if (value !== '') made.setAttribute(attribute, value);
  return made;
}

function button(text: string, action: () => void): HTMLElement {
  const made = element('button', [text], { type: 'button' });
  made.addEventListener('click', action);
  return made;
}

function replace(id: string, children: readonly Node[]): void {
  document.getElementById(id)?.replaceChildren(...children);
}

function say(text: string, isAlarm: boolean): void {
  const state = document.getElementById('state') as HTMLElement;
  state.textContent = text;
  state.className = isAlarm ? 'alarm' : '';
}

document.getElementById('search')?.addEventListener('input', showFamilies);
addEventListener('resize', () => {
  for (const [id, plot] of [
    ['rates', ratesPlot],
    ['latency', latencyPlot],
  ] as const)
    plot?.setSize({ width: document.getElementById(id)?.clientWidth || 360, height: 260 });
});
void tick();
setInterval(() => void tick(), intervalMs);
