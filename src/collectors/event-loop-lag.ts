import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Gauge } from '../metrics/gauge';
import type { LabelValues } from '../model/labels';
import { ifImplemented } from './attempt';
import type { Collection } from './collection';

/**
 * The lag of the event loop in two ways: the time that a `setImmediate()` of a scrape takes, which the next scrape shows, and the
 * distribution of the delays of a timer in native code since the last scrape. Without a new delay, as in two scrapes at once, the
 * last distribution stays. The first gauge's `collect` sets all.
 */
export function eventLoopLag(collection: Collection): void {
  const { labels } = collection;
  const delays = ifImplemented(() => monitor(collection.options.eventLoopMonitoringPrecision));
  if (delays === undefined) return;
  let latest: readonly number[] = distribution.map(() => 0);

  const lag = collection.gauge('nodejs_eventloop_lag_seconds', 'Lag of event loop in seconds.', {
    aggregator: 'average',
    collect() {
      setImmediate(setLag, process.hrtime(), lag, labels);
      if (delays.count > 0) {
        latest = distribution.map(([, , , read]) => read(delays) / 1e9);
        delays.reset();
      }
      for (const [i, gauge] of gauges.entries()) gauge.set(labels, latest[i] as number);
    },
  });
  const gauges = distribution.map(([name, help, aggregator]) =>
    collection.gauge(`nodejs_eventloop_lag_${name}_seconds`, help, { aggregator }),
  );

  // Bound: an arrow function would keep the gauges, which are in its scope.
  collection.whileRegistered([lag], delays.disable.bind(delays));
}

type Part = readonly [
  name: string,
  help: string,
  aggregator: 'min' | 'max' | 'average',
  read: (delays: IntervalHistogram) => number,
];

const distribution: readonly Part[] = [
  ['min', 'The minimum recorded event loop delay.', 'min', ({ min }) => min],
  ['max', 'The maximum recorded event loop delay.', 'max', ({ max }) => max],
  ['mean', 'The mean of the recorded event loop delays.', 'average', ({ mean }) => mean],
  ['stddev', 'The standard deviation of the recorded event loop delays.', 'average', ({ stddev }) => stddev],
  ...[50, 90, 99].map((percentile): Part => {
    const help = `The ${percentile}th percentile of the recorded event loop delays.`;
    return [`p${percentile}`, help, 'average', (delays) => delays.percentile(percentile)];
  }),
];

/**
 * Throws Node's error for a bad resolution. Enabled at once: Node 20 aborts if it lists its handles while a histogram that was never
 * enabled is being garbage collected. An enabled one stops then.
 */
function monitor(resolution: number | undefined): IntervalHistogram {
  const delays = monitorEventLoopDelay(resolution === undefined ? {} : { resolution });
  delays.enable();
  return delays;
}

function setLag(start: [number, number], lag: Gauge, labels: LabelValues<string>): void {
  const [seconds, nanoseconds] = process.hrtime(start);
  lag.set(labels, seconds + nanoseconds / 1e9);
}
