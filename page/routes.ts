import type { RecordedSeries } from '../src/views/recording';

/** The numbers of a route in the last interval. */
export interface RouteNumbers {
  readonly route: string;
  readonly rate: number;
  readonly errors: number;
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  readonly share: number;
}

/** The cumulative counts of several series in the interval. */
export function bucketsOf(series: readonly RecordedSeries[], frame: number, bounds: number): number[] {
  const buckets = new Array<number>(bounds + 1).fill(0);
  for (const one of series)
    for (const [i, count] of one.bucketsAt(frame).entries()) buckets[i] = (buckets[i] ?? 0) + count;
  return buckets;
}

/** Method and route, by the label names of all presets. */
export function routeOf({ labels }: RecordedSeries): string {
  const of = (...names: string[]): string => labels.find(([name]) => names.includes(name))?.[1] ?? '';
  return (
    [of('method', 'http_request_method'), of('route', 'http_route', 'path', 'endpoint')]
      .filter(Boolean)
      .join(' ') || '(no route)'
  );
}
