import type { GroupFile } from '../../store/groups';
import { type BucketCount, bucketCounts } from '../../views/bucket-counts';
import type { RecordedFamily, RecordedSeries } from '../../views/recorded-series';
import type { Recording } from '../../views/recording';
import { requestsOf } from '../../views/requests';
import { rateText, shortNumber, sparkline, valueText } from '../../views/units';
import { ageText, bytesText, countText, cut, padded, printable } from '../text';
import { cellsOf, labelNames, type Order, rowsOf, shareOf } from './rows';

/** All that a frame shows. */
export interface TopState {
  readonly application: string;
  readonly recording: Recording;
  readonly files: readonly GroupFile[];
  readonly intervalSeconds: number;
  readonly readMs: number;
  readonly nowMs: number;
  readonly message: string;
  readonly view: 'families' | 'series' | 'detail' | 'workers' | 'help';
  readonly family: RecordedFamily | undefined;
  readonly series: RecordedSeries | undefined;
  readonly order: Order;
  readonly filter: string;
  /** The label by which the rows of families are grouped. */
  readonly by: string | undefined;
  readonly isTyping: boolean;
  readonly isPaused: boolean;
  readonly selected: number;
}

/** A smaller terminal shows only that it is too small. */
const leastColumns = 60;
const leastRows = 8;

/** Columns of the line over time. */
const lineLength = 10;
const shortLineLength = 6;
const wide = 100;

/** The lines of a frame, at most `rows` of them, each at most `columns` characters. Infinity rows are a text without a foot. */
export function frameLines(state: TopState, columns: number, rows: number): string[] {
  if (columns < leastColumns || rows < leastRows) {
    return [`This terminal has ${columns}x${rows}; top needs ${leastColumns}x${leastRows}.`].map((line) =>
      line.slice(0, columns),
    );
  }
  const body = bodyOf(state, columns, rows - 4);
  const lines = [...headOf(state), ...body];
  if (rows === Infinity) return lines.map((line) => cut(line, columns).trimEnd());
  while (lines.length < rows - 1) lines.push('');
  const foot = state.isTyping
    ? `/${state.filter}`
    : state.message ||
      'q quit  arrows move  enter open  esc back  / filter  s sort  g group  w workers  ? help';
  return [...lines.slice(0, rows - 1), foot].map((line) => cut(line, columns));
}

function headOf({
  application,
  recording,
  files,
  readMs,
  nowMs,
  intervalSeconds,
  isPaused,
  order,
  filter,
  by,
}: TopState): string[] {
  const segments = files.filter(({ kind }) => kind === 'segment');
  const live = segments.filter(({ owner }) => owner?.live);
  const pids = new Set(live.map(({ owner }) => owner?.pid));
  const series = [...recording.families.values()].reduce((total, family) => total + family.series.length, 0);
  const bytes = files.reduce((total, file) => total + file.bytes, 0);
  const clock = new Date(nowMs).toTimeString().slice(0, 8);
  const facts = [
    printable(application),
    countText(pids.size, 'process', 'processes'),
    `${series.toLocaleString('en')} series`,
    bytesText(bytes),
    `read ${Math.round(readMs)} ms`,
    `${clock} ${intervalSeconds} s`,
    ...(isPaused ? ['PAUSED'] : []),
  ];
  const requests = requestsOf(recording, lineLength);
  const red =
    requests === undefined
      ? busiest(recording)
      : [
          `requests ${shortNumber(requests.rate)}/s ${sparkline(requests.rates)}`,
          `errors ${(requests.errorRatio * 100).toFixed(1)} %`,
          `p99 ${valueText('_seconds', requests.p99) || '-'}`,
          ...(requests.inProgress === undefined ? [] : [`in progress ${shortNumber(requests.inProgress)}`]),
        ].join('   ');
  const how = [
    `sorted by ${order}`,
    ...(by === undefined ? [] : [groupedBy(by, recording)]),
    ...(filter === '' ? [] : [`filter: ${printable(filter)}`]),
  ];
  return [facts.join('  '), red, how.join(', ')];
}

function groupedBy(by: string, { families }: Recording): string {
  const hasLabel = labelNames(families.values()).includes(by);
  return `grouped by ${printable(by)}${hasLabel ? '' : ', a label that no family has'}`;
}

/** The families with the most events, where the group serves no requests. */
function busiest(recording: Recording): string {
  return rowsOf(recording, undefined, '', 'rate')
    .slice(0, 3)
    .map(({ family }) => [family.name, rateText(family.type === 'gauge' ? 0 : (family.history.at(-1) ?? 0))])
    .filter(([, rate]) => rate !== '')
    .map((facts) => facts.join(' '))
    .join('   ');
}

function bodyOf(state: TopState, columns: number, height: number): string[] {
  switch (state.view) {
    case 'help':
      return help;
    case 'workers':
      return workers(state, height);
    case 'detail':
      return state.series === undefined ? [] : detail(state.series, columns, height);
    default:
      return tableOf(state, columns, height);
  }
}

const help = [
  '  up, down, k, j      move            enter   open a family, then a series',
  '  esc, backspace      back            /       filter by name and labels, enter ends',
  '  s                   sort by rate, p99, share of the time, name',
  '  g                   group by label  w       workers',
  '  p                   pause',
  '  r                   begin anew      q       quit',
  '',
  '  RATE is that of the last interval, for gauges the value. p50 and p99 are of the observations in the interval.',
  '  SHARE is the part of the observed seconds: the first to optimize has the most.',
];

function tableOf(state: TopState, columns: number, height: number): string[] {
  const { recording, family, filter, order, by, selected } = state;
  const rows = rowsOf(recording, family, filter, order, by);
  const allShares = rows.reduce((total, row) => total + shareOf(row), 0);
  const length = columns < wide ? shortLineLength : lineLength;
  const widths = [9, 7, 7, 5, length];
  const left = columns - widths.reduce((total, width) => total + width + 1, 0) - 3;
  const nameWidth = family === undefined ? Math.ceil(left * 0.77) : 0;
  const labelWidth = left - nameWidth;
  const format = (name: string, labels: string, cells: readonly string[]): string =>
    [
      ...(family === undefined ? [padded(name, nameWidth)] : []),
      padded(labels, labelWidth),
      ...cells.map((cell, i) => (i === cells.length - 1 ? cell : cell.padStart(widths[i] ?? 0))),
    ].join(' ');
  const first = Math.max(0, Math.min(selected - height + 2, rows.length - height + 1));
  const shown = rows.slice(first, first + height - 1);
  return [
    `  ${format('FAMILY', family === undefined ? 'LABELS' : cut(family.name, labelWidth), ['RATE', 'P50', 'P99', 'SHARE', 'TREND'])}`,
    ...shown.map((row, i) => {
      const mark = first + i === selected ? '> ' : '  ';
      return (
        mark + format(printable(row.family.name), printable(row.labels), cellsOf(row, allShares, length))
      );
    }),
    ...(rows.length === 0 ? ['  nothing is counted yet, or the filter hides all'] : []),
  ];
}

function workers({ files, selected }: TopState, height: number): string[] {
  const segments = files.filter(
    ({ kind, owner }) => kind === 'segment' && owner !== undefined && !owner.compacted,
  );
  const lines = segments.map(({ owner, series, bytes }, i) => {
    if (owner === undefined) return '';
    const { pid, workerThread, live, heartbeatAgeMs, createdMs } = owner;
    const state = !live ? 'dead' : heartbeatAgeMs > 15_000 ? `silent ${ageText(heartbeatAgeMs)}` : 'alive';
    const name = workerThread > 0 ? `${pid}-${workerThread}` : `${pid}`;
    return `${i === selected ? '> ' : '  '}${name.padEnd(14)} ${state.padEnd(12)} ${ageText(Date.now() - createdMs).padStart(6)} ${`${series}`.padStart(8)} ${bytesText(bytes).padStart(9)}`;
  });
  const from = Math.max(0, selected - height + 2);
  return [
    `  ${'OWNER'.padEnd(14)} ${'STATE'.padEnd(12)} ${'AGE'.padStart(6)} ${'SERIES'.padStart(8)} ${'BYTES'.padStart(9)}`,
    ...lines.slice(from),
  ].slice(0, height);
}

/** A histogram as bars of the last interval; another series as its line over time. */
function detail(series: RecordedSeries, columns: number, height: number): string[] {
  const { family } = series;
  const title = `  ${printable(family.name)} {${printable(series.text)}}`;
  if (family.type !== 'histogram') {
    const history = series.history(columns - 4);
    const range =
      family.type === 'gauge'
        ? `now ${valueText(family.name, series.value)}  least ${valueText(family.name, series.least)}  greatest ${valueText(family.name, series.greatest)}`
        : `now ${rateText(series.rate) || '0/s'}`;
    return [title, `  ${range}`, '', `  ${sparkline(history)}`];
  }
  const buckets = joined(bucketCounts(family, [series]), height - 1);
  const most = Math.max(1, ...buckets.map(({ count }) => count));
  const width = Math.max(10, columns - 26);
  const bars = buckets.map(({ to, count }) => {
    const bound = to === Infinity ? '+Inf' : valueText(family.name, to);
    return `  ${`<= ${bound}`.padEnd(11)} ${shortNumber(count).padStart(8)} ${'█'.repeat(Math.round((count / most) * width))}`;
  });
  return [title, ...(bars.length > 0 ? bars : ['  no observation in the last interval'])];
}

/** At most so many buckets: of more of them, neighbours become one. */
function joined(buckets: readonly BucketCount[], most: number): BucketCount[] {
  const size = Math.ceil(buckets.length / Math.max(1, most));
  return buckets.flatMap(({ from }, i) => {
    if (i % size !== 0) return [];
    const some = buckets.slice(i, i + size);
    return [{ from, to: some.at(-1)?.to ?? from, count: some.reduce((sum, { count }) => sum + count, 0) }];
  });
}
