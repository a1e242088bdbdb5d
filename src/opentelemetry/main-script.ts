/** As long as a preload runs, and the application may still call `configure()`: steps that wait. */
let waiting: (() => void)[] | undefined;

/** From here on `afterMainScript()` waits until the main script runs. */
export function waitForMainScript(): void {
  waiting = [];
  // An ES module is no `mainModule`, but it is loaded later than this.
  setImmediate(run);
}

/** Runs a step that opens the store, after which `configure()` throws: at once, unless it comes from a preload. */
export function afterMainScript(step: () => void): void {
  // Not `require.main`, which is fixed when a module is loaded.
  if (process.mainModule !== undefined) run();
  if (waiting === undefined) step();
  else waiting.push(step);
}

function run(): void {
  const steps = waiting ?? [];
  waiting = undefined;
  for (const step of steps) step();
}
