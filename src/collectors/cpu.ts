import type { Counter } from '../metrics/counter';
import { activeSpan } from './active-span';
import type { Collection } from './collection';
import { reportsProcess } from './process-wide';

/** CPU time since the call. As counters, they keep the CPU time of dead processes. The first one's `collect` sets all. */
export function cpu(collection: Collection): void {
  const isReported = reportsProcess();
  const enableExemplars = collection.options.enableExemplars || false;
  let last = process.cpuUsage();

  const userSeconds = collection.counter(
    'process_cpu_user_seconds_total',
    'Total user CPU time spent in seconds.',
    {
      enableExemplars,
      collect() {
        if (!isReported) return;
        const now = process.cpuUsage();
        const user = now.user - last.user;
        const system = now.system - last.system;
        last = now;
        const exemplarLabels = enableExemplars ? activeSpan() : undefined;
        const count = (counter: Counter, microseconds: number): void => {
          const value = microseconds / 1e6;
          const { labels } = collection;
          if (exemplarLabels === undefined) counter.inc(labels, value);
          else counter.inc({ labels, value, exemplarLabels });
        };
        count(userSeconds, user);
        count(systemSeconds, system);
        count(seconds, user + system);
      },
    },
  );
  const systemSeconds = collection.counter(
    'process_cpu_system_seconds_total',
    'Total system CPU time spent in seconds.',
    { enableExemplars },
  );
  const seconds = collection.counter(
    'process_cpu_seconds_total',
    'Total user and system CPU time spent in seconds.',
    { enableExemplars },
  );
}
