import type { LabelSet } from '../model/labels';

/**
 * Starts a stop-watch. The function returned passes its argument and the seconds since the start to `record`, and
 * returns the seconds.
 */
export function startTimer<L extends LabelSet | undefined>(
  record: (endLabels: L | undefined, seconds: number) => void,
): (endLabels?: L) => number {
  // The clock is looked up at each use: test suites replace it.
  const start = process.hrtime();
  return (endLabels) => {
    const [seconds, nanoseconds] = process.hrtime(start);
    const value = seconds + nanoseconds / 1e9;
    record(endLabels, value);
    return value;
  };
}
