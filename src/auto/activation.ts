import cluster from 'node:cluster';
import { debuglog } from 'node:util';
import { collectDefaultMetrics } from '../collectors/default-metrics';
import type { CodedError } from '../errors';
import { instrumentHttp } from '../http/instrument';
import type { HttpOptions } from '../http/options';
import { startMetricsServer } from '../http/server/metrics-server';
import { version } from '../native/search';
import { globalRegistry } from '../registry/registry';
import { yieldNames } from '../registry/yielding';
import { currentStore } from '../store/current';
import { isTestRunner } from '../store/test-runner';
import { autoParts, warn } from '../store/warnings';
import { autoSettings } from './settings';

const debug = debuglog('prom-client-mmap');

/**
 * Begins to count and to serve in this thread, except in one that runs tests. Never throws: failures are warnings.
 *
 * @public for index.ts, which loads this module late
 */
export function activate(reason: string): void {
  if (isTestRunner()) return;
  const { defaultMetrics, http, server, httpOptions } = autoSettings();
  const before = new Set<object>(globalRegistry.getMetricsAsArray());
  const started = [
    defaultMetrics && begin('default metrics', beginDefaultMetrics),
    http && begin('HTTP metrics', () => beginHttp(httpOptions)),
    server && begin('the server', beginServer),
  ].filter((part) => part !== false);
  // A module that is loaded late may define metrics of the same names.
  yieldNames(globalRegistry.getMetricsAsArray().filter((metric) => !before.has(metric)));
  const store = currentStore();
  const group = store.shared ? store.directory : 'this process';
  debug('prom-client-mmap %s, %s: %s; group %s', version, reason, started.join(', ') || 'nothing', group);
}

/** The name of a part; false if it has not begun. */
function begin(part: string, start: () => boolean): string | false {
  try {
    return start() && part;
  } catch (error) {
    warn(autoParts(part, error as CodedError));
    return false;
  }
}

/** Not where the application collects them: it may do so in any other registry. */
function beginDefaultMetrics(): boolean {
  if (globalRegistry.getSingleMetric('process_cpu_seconds_total') !== undefined) return false;
  // Dashboards count restarts by the changes of the start time.
  collectDefaultMetrics({ startTime: 'newest' });
  return true;
}

function beginHttp(options: HttpOptions): boolean {
  instrumentHttp(options);
  return true;
}

/** The primary of a cluster leaves the server to its workers, so that it does no work but theirs. */
function beginServer(): boolean {
  if (cluster.isPrimary && Object.keys(cluster.workers ?? {}).length > 0) return false;
  startMetricsServer().then(
    (server) => {
      if (cluster.isPrimary) cluster.once('fork', () => void server.close());
    },
    (error: CodedError) => warn(autoParts('the server', error)),
  );
  return true;
}
