/** How many times more deaths, threads and restarts a run has than the usual one: `FAULTS_SCALE=20` for a deep run. */
export const scale: number = Number(process.env['FAULTS_SCALE'] ?? 1);

/** The time that a test of that many things may take. */
export const timeout: number = 300_000 * scale;
