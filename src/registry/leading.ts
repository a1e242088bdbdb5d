// Which gauges with `collectBy: 'leader'` another process or thread collects, for a thread that is asked by message.

let ledElsewhere: ReadonlySet<string> = new Set();

/** Whether this thread must not collect the gauge now. */
export function isLedElsewhere(gauge: string): boolean {
  return ledElsewhere.has(gauge);
}

/** Runs `begin`, which begins to run `collect` functions before it returns, without those of the gauges. */
export function without<R>(gauges: ReadonlySet<string>, begin: () => R): R {
  ledElsewhere = gauges;
  try {
    return begin();
  } finally {
    ledElsewhere = new Set();
  }
}
