import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { newDirectory } from '../multiprocess/support/directories';
import { traces } from './generator';
import { findPythonClient, missingPythonClient, PythonOracle } from './python';
import { replay } from './replay';

// ORACLE_SECONDS and ORACLE_SEED ask for more, or for what has failed.
const seconds = Number(process.env['ORACLE_SECONDS'] ?? 15);
const seed = Number(process.env['ORACLE_SEED'] ?? 1);

test("a group of processes shows the numbers of Python's client after any calls and kills", {
  timeout: (seconds + 60) * 1000,
}, async ({ skip, annotate }) => {
  const client = findPythonClient();
  if (client === undefined) return skip(missingPythonClient);
  const oracle = new PythonOracle(client);
  onTestFinished(() => oracle.end());
  const property = fc.asyncProperty(traces(client), async (trace) => {
    const expected = await oracle.replay(trace);
    expect(await replay(trace, newDirectory())).toEqual(expected);
  });

  const end = Date.now() + seconds * 1000;
  let runs = 0;
  for (; runs === 0 || Date.now() < end; runs++) {
    // A run of its own each, so that time never cuts one short; what fails has 20 s to get smaller.
    await fc.assert(property, { seed: seed + runs, numRuns: 1, interruptAfterTimeLimit: 20_000 });
  }
  await annotate(`${runs} traces agree with prometheus_client ${client.version}`);
});
