/**
 * Starts a stop-watch. The function returned passes the seconds since the start and its own arguments to `record`, and returns
 * the seconds.
 */
export function startTimer<A extends readonly unknown[]>(
  record: (seconds: number, ...args: A) => void,
): (...args: A) => number {
  // The clock is looked up at each use: test suites replace it.
  const start = process.hrtime();
  return (...args) => {
    const [seconds, nanoseconds] = process.hrtime(start);
    const value = seconds + nanoseconds / 1e9;
    record(value, ...args);
    return value;
  };
}
