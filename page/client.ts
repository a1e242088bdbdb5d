// The live page: reads the exposition, keeps the last minutes, and shows them. No data leaves the page.
import { bucketCounts } from '../src/views/bucket-counts';
import type { RecordedSeries } from '../src/views/recorded-series';
import { Recording } from '../src/views/recording';
import { durationsOf, familyQuantiles, requestsFamilyOf, requestsOf } from '../src/views/requests';
import { rateText, shortNumber, sparkline, valueText } from '../src/views/units';
import { type ChartData, Charts, type Death } from './charts';
import { accept, frameOf } from './exposition';
import { heatRows } from './heatmap';
import { type RouteNumbers, routeOf, routesOf } from './routes';

const intervalMs = 1000;
const frames = 120;
const mostWorkers = 16;
const mostDeaths = 50;
const mostLines = 6;
const mostFamilies = 200;
const mostRoutes = 200;

const path = document.querySelector<HTMLMetaElement>('meta[name=metrics]')?.content ?? '/metrics';
const recording = new Recording();
const workers = new Map<string, Recording>();
/** Of the last frame: a recording need not look for series that are in their places. */
const linesOf = new WeakMap<Recording, readonly string[]>();
const deaths: Death[] = [];
const data: ChartData = { times: [], heat: [], p50: [], p99: [], deaths };
const charts = new Charts(data);
const ratesByRoute = new Map<string, (number | null)[]>();
let routes: RouteNumbers[] = [];
let sortedBy = 'p99';
let chosenRoute: string | undefined;
let isReading = false;

async function tick(): Promise<void> {
  if (isReading || document.hidden) return;
  isReading = true;
  try {
    await read(path, recording);
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

async function read(from: string, into: Recording): Promise<void> {
  const answer = await fetch(from, { headers: { accept } });
  if (!answer.ok) throw new Error(await answer.text());
  const frame = frameOf(new Uint8Array(await answer.arrayBuffer()));
  const { lines = [] } = frame;
  const known = linesOf.get(into) ?? [];
  linesOf.set(into, lines);
  const isSame = lines.length === known.length && lines.every((line, i) => line === known[i]);
  into.add(isSame ? { ...frame, lines: undefined } : frame, performance.now());
}

/** Each process alone, and only the families that the table of processes shows. */
async function readWorkers(): Promise<void> {
  const answer = await fetch('/targets').catch(() => undefined);
  if (!answer?.ok) return;
  const targets = (await answer.json()) as { labels: Record<string, string> }[];
  const living = targets.map(({ labels }) => labels['pid'] ?? '');
  const pids = living.slice(0, mostWorkers);
  for (const pid of workers.keys()) {
    if (!living.includes(pid)) deaths.push({ time: Date.now() / 1000, pid });
    if (deaths.length > mostDeaths) deaths.shift();
    if (!pids.includes(pid)) workers.delete(pid);
  }
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
      const known = workers.get(pid) ?? new Recording();
      // One that has ended meanwhile is no target the next time.
      await read(`${path}?pid=${pid}${query}`, known).then(
        () => workers.set(pid, known),
        () => undefined,
      );
    }),
  );
}

/** Keeps the numbers of the frame for the charts. */
function note(): void {
  const { times, heat, p50, p99 } = data;
  times.push(Date.now() / 1000);
  routes = routesOf(recording);
  for (const { route, rate } of routes) {
    const line = ratesByRoute.get(route) ?? new Array<number | null>(times.length - 1).fill(null);
    ratesByRoute.set(route, line);
    line[times.length - 1] = rate;
  }
  const duration = durationsOf(recording);
  const chosen = duration?.series.filter(isChosen) ?? [];
  heat.push(duration === undefined ? [] : bucketCounts(duration, chosen));
  const [half, most] =
    duration === undefined ? [] : familyQuantiles({ ...duration, series: chosen }, [0.5, 0.99]);
  p50.push(shownQuantile(half));
  p99.push(shownQuantile(most));
  if (times.length <= frames) return;
  for (const list of [times, heat, p50, p99, ...ratesByRoute.values()]) list.shift();
}

function shownQuantile(found: number | undefined): number | null {
  return found === undefined || found === Infinity ? null : found;
}

function isChosen(series: RecordedSeries): boolean {
  return chosenRoute === undefined || routeOf(series) === chosenRoute;
}

/** Those of the last frame, in the order that the user has chosen; the slowest first at the beginning. */
function sortedRoutes(): RouteNumbers[] {
  const of = (row: RouteNumbers): number => Number(row[sortedBy as keyof RouteNumbers] ?? 0) || 0;
  return [...routes].sort(
    (a, b) => (sortedBy === 'route' ? 0 : of(b) - of(a)) || (a.route < b.route ? -1 : 1),
  );
}

function show(): void {
  showNumbers();
  showCharts();
  showHeat();
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

function showCharts(): void {
  const names = sortedRoutes()
    .map(({ route }) => route)
    .filter((route) => chosenRoute === undefined || route === chosenRoute)
    .slice(0, mostLines)
    // A line keeps its colour, whatever the table is sorted by.
    .sort((a, b) => (a < b ? -1 : 1));
  const lines = names.map((route) => data.times.map((_, i) => ratesByRoute.get(route)?.[i] ?? null));
  charts.showRates(names, lines);
  if (durationsOf(recording) !== undefined) charts.showLatency();
  const endings = deaths.slice(-5).map(({ time, pid }) => {
    return `Process ${pid} ended at ${new Date(time * 1000).toLocaleTimeString()}.`;
  });
  replace('deaths', [document.createTextNode(endings.join(' '))]);
}

/** The numbers of the heatmap, while the reader has them open. */
function showHeat(): void {
  if (!(document.getElementById('heat-table') as HTMLDetailsElement).open) return;
  const rows = heatRows(data.heat, (bound) => valueText('_seconds', bound));
  replace('heat', [
    headOf(['latency', 'last second', '10 s', '2 min']),
    ...rows.map(([name, ...counts]) => rowOf([name, ...counts.map(shortNumber)])),
  ]);
}

function showRoutes(): void {
  const rows = sortedRoutes();
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
  const body = rows.slice(0, mostRoutes).map(({ route, rate, errors, p50, p99, share }) =>
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
  const head = headOf(['pid', 'requests', 'event-loop lag', 'memory', 'last minute']);
  const body = [...workers].map(([pid, own]) => {
    const requests = requestsOf(own, 30);
    const gauge = (name: string): number | undefined => own.families.get(name)?.series[0]?.value;
    return rowOf([
      pid,
      rateText(requests?.rate ?? 0),
      valueText('_seconds', gauge('nodejs_eventloop_lag_seconds')),
      valueText('_bytes', gauge('process_resident_memory_bytes')),
      sparkline(requests?.rates ?? []),
    ]);
  });
  replace('workers', [head, ...body]);
}

function showFamilies(): void {
  const search = (document.getElementById('search') as HTMLInputElement).value.toLowerCase();
  const head = headOf(['series', 'value', 'rate', 'p99', 'trend']);
  const rows: HTMLElement[] = [];
  for (const family of recording.families.values()) {
    for (const series of family.series) {
      if (rows.length >= mostFamilies) break;
      const name = `${family.name}${series.labels.length > 0 ? `{${series.labels.map(([label, value]) => `${label}="${value}"`).join(',')}}` : ''}`;
      if (!name.toLowerCase().includes(search)) continue;
      const { value } = series;
      const cells = [
        name,
        family.type === 'gauge' ? valueText(family.name, value) : shortNumber(value),
        rateText(series.rate),
        valueText(family.name, series.quantile(0.99)),
        sparkline(series.history(12)),
      ];
      rows.push(rowOf(cells, { 'data-series': name, 'data-value': `${value}` }));
    }
  }
  replace('families', [head, ...rows]);
}

function countSeries(): number {
  return [...recording.families.values()].reduce((total, { series }) => total + series.length, 0);
}

function headOf(names: readonly string[]): HTMLElement {
  return element(
    'tr',
    names.map((name) => element('th', [name], { scope: 'col' })),
  );
}

function rowOf(cells: readonly string[], attributes: Readonly<Record<string, string>> = {}): HTMLElement {
  return element(
    'tr',
    cells.map((text) => element('td', [text])),
    attributes,
  );
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
document.getElementById('heat-table')?.addEventListener('toggle', showHeat);
void tick();
setInterval(() => void tick(), intervalMs);
