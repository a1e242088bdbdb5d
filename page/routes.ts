import type { RecordedSeries } from '../src/views/recorded-series';

/** The numbers of a route in the last interval. */
export interface RouteNumbers {
  readonly route: string;
  readonly rate: number;
  readonly errors: number;
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  readonly share: number;
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
