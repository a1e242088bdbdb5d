import { activeSpan } from './active-span';
import type { Collection } from './collection';
import { reportsProcess } from './process-wide';

/** CPU time since the call. As counters, they keep the CPU time of dead processes. The first one's `collect` sets all. */
export function cpu(collection: Collection): void {
  const { labels, options } = collection;
  const isReported = reportsProcess();
  const enableExemplars = options.enableExemplars || false;
  let last = process.cpuUsage();

  const collect = (): void => {
    if (!isReported) return;
    const now = process.cpuUsage();
    const user = now.user - last.user;
    const system = now.system - last.system;
    last = now;
    const exemplarLabels = enableExemplars ? activeSpan() : undefined;
    for (const [i, microseconds] of [user, system, user + system].entries()) {
      const value = microseconds / 1e6;
      if (exemplarLabels === undefined) counters[i]?.inc(labels, value);
      else counters[i]?.inc({ labels, value, exemplarLabels });
    }
  };
  const counters = parts.map(([name, help], i) =>
    collection.counter(name, help, { enableExemplars, collect: i === 0 ? collect : undefined }),
  );
}

const parts: readonly (readonly [name: string, help: string])[] = [
  ['process_cpu_user_seconds_total', 'Total user CPU time spent in seconds.'],
  ['process_cpu_system_seconds_total', 'Total system CPU time spent in seconds.'],
  ['process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.'],
];
