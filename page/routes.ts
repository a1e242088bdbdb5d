import type { RecordedFamily, RecordedSeries } from '../src/views/recorded-series';
import type { Recording } from '../src/views/recording';
import { durationsOf, familyQuantiles, requestsFamilyOf, requestsOf, sum } from '../src/views/requests';

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

/** The numbers of each route in the last interval. */
export function routesOf(recording: Recording): RouteNumbers[] {
  const counted = requestsFamilyOf(recording);
  const duration = durationsOf(recording);
  const durations = byRoute(duration);
  return [...byRoute(counted)].map(([route, series]) => {
    const observed = durations.get(route) ?? [];
    const [p50, p99] =
      duration === undefined ? [] : familyQuantiles({ ...duration, series: observed }, [0.5, 0.99]);
    const numbers = requestsOf({ families: new Map([['x', { ...(counted as RecordedFamily), series }]]) }, 1);
    return {
      route,
      rate: numbers?.rate ?? 0,
      errors: numbers?.errorRatio ?? 0,
      p50,
      p99,
      share: sum(observed, ({ sumRate }) => sumRate),
    };
  });
}

function byRoute(family: RecordedFamily | undefined): Map<string, RecordedSeries[]> {
  const routes = new Map<string, RecordedSeries[]>();
  for (const series of family?.series ?? []) {
    const route = routeOf(series);
    const known = routes.get(route);
    if (known === undefined) routes.set(route, [series]);
    else known.push(series);
  }
  return routes;
}
