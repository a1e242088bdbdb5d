import fc from 'fast-check';
import type { MultiprocessMode } from '../../src/index';
import type { Operation, Trace, TraceMetric, Update } from './trace';

const modes: readonly MultiprocessMode[] = [
  'all',
  'liveall',
  'min',
  'livemin',
  'max',
  'livemax',
  'sum',
  'livesum',
  'mostrecent',
  'livemostrecent',
];
const labelValues = [
  'a',
  'b',
  'GET',
  '/x/{id}',
  '',
  ' ',
  'é',
  '日本',
  'q"uote',
  'back\\slash',
  'new\nline',
  '1.0',
];
const bucketSets = [[0.5, 1, 2.5, 5, 10], [1], [-2, 0, 2], [0.005, 0.25, 100, 1e6], [1, 2, 3, 4, 5, 6, 7, 8]];

export interface TraceOptions {
  /** Whether there are gauges of the two `mostrecent` modes. */
  readonly mostRecent: boolean;
}

/** Random traces; a failing one shrinks to few operations of few processes. */
export function traces({ mostRecent }: TraceOptions): fc.Arbitrary<Trace> {
  return fc
    .integer({ min: 1, max: 6 })
    .chain((processes) =>
      fc.record({ drafts: metricDrafts(processes, mostRecent), steps: stepsOf(processes) }),
    )
    .map(({ drafts, steps }) => ({
      metrics: drafts.map(({ metric }) => metric),
      operations: operations(drafts, steps),
    }));
}

/** A metric, and the label sets that a trace uses of it. */
interface Draft {
  readonly metric: TraceMetric;
  readonly labelSets: readonly Readonly<Record<string, string>>[];
}

function metricDrafts(processes: number, mostRecent: boolean): fc.Arbitrary<Draft[]> {
  const numbers = [...Array(processes).keys()];
  const draft = (
    name: string,
    fixed: Partial<TraceMetric> & Pick<TraceMetric, 'type'>,
  ): fc.Arbitrary<Draft> =>
    fc
      .record({
        help: fc.constantFrom(`help of ${name}`, 'with "quotes" and \\', 'line\nbreak', '日本'),
        labelNames: fc.constantFrom<string[]>([], [], ['l'], ['b', 'a']),
        buckets: fc.constantFrom(...bucketSets),
        definedBy: fc.oneof(
          { weight: 6, arbitrary: fc.constant({}) },
          { weight: 1, arbitrary: fc.record({ processes: fc.subarray(numbers, { minLength: 1 }) }) },
        ),
        values: fc.array(fc.tuple(fc.constantFrom(...labelValues), fc.constantFrom(...labelValues)), {
          minLength: 1,
          maxLength: 4,
        }),
      })
      .map(({ help, labelNames, buckets, definedBy, values }) => ({
        metric: {
          name,
          help,
          labelNames,
          ...fixed,
          ...(fixed.type === 'histogram' ? { buckets } : {}),
          ...definedBy,
        },
        labelSets: values.map((pair) =>
          Object.fromEntries(labelNames.map((label, i) => [label, pair[i] ?? ''])),
        ),
      }));
  return fc.tuple(
    ...[0, 1, 2].map((i) => draft(`c${i}_total`, { type: 'counter' })),
    ...modes
      .filter((mode) => mostRecent || !mode.endsWith('mostrecent'))
      .map((mode) => draft(`g_${mode}`, { type: 'gauge', mode })),
    ...[0, 1].map((i) => draft(`h${i}`, { type: 'histogram' })),
    ...[0, 1].map((i) => draft(`s${i}`, { type: 'summary' })),
  );
}

type Step =
  | { readonly do: 'scrape' }
  | { readonly do: 'dead'; readonly process: number }
  | {
      readonly do: 'update';
      readonly process: number;
      readonly choices: readonly number[];
      readonly eighths: number;
    };

function stepsOf(processes: number): fc.Arbitrary<Step[]> {
  const process = fc.nat(processes - 1);
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 100, arbitrary: updateStep(process) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('dead' as const), process }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('scrape' as const) }) },
  );
  return fc.array(step, { minLength: 1, maxLength: 150, size: 'max' });
}

function updateStep(process: fc.Arbitrary<number>): fc.Arbitrary<Step> {
  return fc.record({
    do: fc.constant('update' as const),
    process,
    choices: fc.tuple(fc.nat(999), fc.nat(999), fc.nat(999)),
    eighths: fc.integer({ min: -800, max: 800 }),
  });
}

function operations(drafts: readonly Draft[], steps: readonly Step[]): Operation[] {
  const result: Operation[] = [];
  const started = new Set<number>();
  const dead = new Set<number>();
  for (const step of steps) {
    if (step.do === 'scrape') {
      result.push(step);
      continue;
    }
    const { process } = step;
    if (dead.has(process)) continue;
    if (!started.has(process)) result.push({ do: 'start', process });
    started.add(process);
    if (step.do === 'dead') {
      dead.add(process);
      result.push(step);
    } else {
      const update = updateOf(drafts, step);
      if (update !== undefined) result.push(update);
    }
  }
  return result;
}

/** Undefined where the process does not define the metric. */
function updateOf(drafts: readonly Draft[], step: Step & { do: 'update' }): Update | undefined {
  const [choice = 0, labelChoice = 0, kind = 0] = step.choices;
  const draft = drafts[choice % drafts.length];
  if (draft === undefined) return undefined;
  const { metric, labelSets } = draft;
  const { process } = step;
  if (metric.processes?.includes(process) === false) return undefined;
  const labels = labelSets[labelChoice % labelSets.length] ?? {};
  const update = { process, metric: metric.name, labels, value: step.eighths / 8 };
  switch (metric.type) {
    case 'counter':
      return { ...update, do: 'inc', value: Math.abs(update.value) };
    case 'gauge': {
      const methods = metric.mode?.endsWith('mostrecent')
        ? (['set'] as const)
        : (['set', 'inc', 'dec'] as const);
      return { ...update, do: methods[kind % methods.length] ?? 'set' };
    }
    case 'histogram': {
      // Often a bound itself, where it is a multiple of 1/8: it belongs into its bucket.
      const bound = metric.buckets?.[kind % metric.buckets.length] ?? 0;
      const value = kind % 2 === 0 && Number.isInteger(bound * 8) ? bound : update.value / 8;
      return { ...update, do: 'observe', value: Math.round(value * 8) / 8 };
    }
    default:
      return { ...update, do: 'observe' };
  }
}
