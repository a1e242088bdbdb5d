/** The metric of a random operation. Amounts are whole and small, so that sums are exact. */
export interface MetricKind {
  readonly type: 'Counter' | 'Gauge' | 'Histogram';
  readonly name: string;
  readonly labelNames: readonly string[];
  readonly multiprocessMode?: 'sum' | 'livesum' | 'livemax';
  readonly buckets?: readonly number[];
}

const labelNames = ['queue'];

export const metricKinds: readonly MetricKind[] = [
  { type: 'Counter', name: 'jobs_total', labelNames },
  { type: 'Counter', name: 'visits_total', labelNames: [] },
  { type: 'Gauge', name: 'busy', labelNames, multiprocessMode: 'livesum' },
  { type: 'Gauge', name: 'peak', labelNames, multiprocessMode: 'livemax' },
  { type: 'Gauge', name: 'stored', labelNames, multiprocessMode: 'sum' },
  { type: 'Histogram', name: 'wait_seconds', labelNames, buckets: [2, 5] },
];

/** Whatever an owner has counted into one series. */
type Amounts = number[];

/** The numbers of one owner, by family and by the text of the labels. */
export class Share {
  lives = true;
  readonly #families = new Map<string, Map<string, Amounts>>();

  count(kind: MetricKind, labels: string, amount: number): void {
    const series = this.#families.get(kind.name) ?? this.#begin(kind);
    const amounts = series.get(labels) ?? [];
    series.set(labels, amounts);
    amounts.push(amount);
  }

  remove({ name }: MetricKind, labels: string): void {
    this.#families.get(name)?.delete(labels);
  }

  /** As `reset()` of a metric, which keeps a series without labels at zero. Of a dead owner all series go. */
  reset(kind: MetricKind): void {
    if (!this.lives) this.#families.delete(kind.name);
    else if (this.#families.has(kind.name)) this.#begin(kind);
  }

  clear(): void {
    this.#families.clear();
  }

  seriesOf({ name, multiprocessMode = 'sum' }: MetricKind): ReadonlyMap<string, Amounts> {
    const isShown = this.lives || multiprocessMode === 'sum';
    return (isShown ? this.#families.get(name) : undefined) ?? new Map();
  }

  #begin({ name, labelNames: names }: MetricKind): Map<string, Amounts> {
    const series = new Map<string, Amounts>(names.length === 0 ? [['', []]] : []);
    this.#families.set(name, series);
    return series;
  }
}

/** The numbers that a scrape of the group must show, by `keyOf` of multiprocess/support/exposition.ts. */
export function expectedOf(shares: readonly Share[]): Map<string, number> {
  const values = new Map<string, number>();
  for (const kind of metricKinds) {
    for (const labels of new Set(shares.flatMap((share) => [...share.seriesOf(kind).keys()]))) {
      const all = shares.flatMap((share) => {
        const amounts = share.seriesOf(kind).get(labels);
        return amounts === undefined ? [] : [amounts];
      });
      for (const [key, value] of samplesOf(kind, labels, all)) values.set(key, value);
    }
  }
  return values;
}

const sumOf = (amounts: readonly number[]): number => amounts.reduce((sum, amount) => sum + amount, 0);

/** `all` has the amounts of each owner. */
function samplesOf(kind: MetricKind, labels: string, all: readonly Amounts[]): [string, number][] {
  const { name, buckets, multiprocessMode } = kind;
  if (buckets === undefined) {
    const sums = all.map(sumOf);
    return [[`${name}{${labels}}`, multiprocessMode === 'livemax' ? Math.max(...sums) : sumOf(sums)]];
  }
  const observed = all.flat();
  const bucket = (le: string, bound: number): [string, number] => [
    `${name}_bucket{le="${le}",${labels}}`,
    observed.filter((value) => value <= bound).length,
  ];
  return [
    ...buckets.map((bound) => bucket(`${bound}`, bound)),
    bucket('+Inf', Number.POSITIVE_INFINITY),
    [`${name}_sum{${labels}}`, sumOf(observed)],
    [`${name}_count{${labels}}`, observed.length],
  ];
}
