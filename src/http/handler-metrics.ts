import { Counter } from '../metrics/counter';
import { Gauge } from '../metrics/gauge';
import type { GroupRegistry } from '../types/registry';

/** The metrics of handlers, with the names that Go's promhttp has given them: dashboards know these. */
export interface HandlerMetrics {
  /** Counts a scrape that is being served; the function returned counts its status. */
  begin(): (status: number) => void;
  countError(): void;
}

export const noHandlerMetrics: HandlerMetrics = { begin: () => () => undefined, countError: () => undefined };

/** Several handlers of a registry share them. */
export function handlerMetrics(registry: GroupRegistry): HandlerMetrics {
  const registers = [registry];
  const requests = Counter.getOrCreate({
    name: 'promhttp_metric_handler_requests_total',
    help: 'Total number of scrapes by HTTP status code.',
    labelNames: ['code'],
    registers,
  });
  const inFlight = Gauge.getOrCreate({
    name: 'promhttp_metric_handler_requests_in_flight',
    help: 'Current number of scrapes being served.',
    registers,
  });
  const errors = Counter.getOrCreate({
    name: 'promhttp_metric_handler_errors_total',
    help: 'Total number of internal errors encountered by the promhttp metric handler.',
    labelNames: ['cause'],
    registers,
  });
  for (const code of ['200', '500', '503']) requests.inc({ code }, 0);
  for (const cause of ['gathering', 'encoding']) errors.inc({ cause }, 0);
  return {
    begin: () => {
      inFlight.inc();
      return (status) => {
        inFlight.dec();
        requests.inc({ code: `${status}` });
      };
    },
    countError: () => errors.inc({ cause: 'gathering' }),
  };
}
