// `npm run test:load -- --times 20 --load 8 [FILTER ...]`: the tests so many times in a row, beside so many busy processes. Filters are
// those of `npm test`. Prints each test that failed, and in how many of the runs; exits with 1 if one did.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const results = join(root, 'build', 'results', 'load');
const { values: options, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: { times: { type: 'string', default: '20' }, load: { type: 'string', default: '8' } },
});
const times = wholeNumber('times', 1);
const load = wholeNumber('load', 0);

// A busy process ends with this one, however this one ends.
const busy = 'const parent = process.ppid; while (process.ppid === parent);';
const processes = Array.from({ length: load }, () => spawn(process.execPath, ['-e', busy]));
/** By the name of the test: the numbers of the runs, and what the first of them said. */
const failures = new Map();
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });
process.on('exit', () => {
  for (const one of processes) one.kill();
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
for (let run = 1; run <= times; run++) await repeat(run);
for (const [name, { runs, message }] of failures) {
  console.log(`\nfailed in ${runs.length} of ${times} runs (${runs.join(', ')}): ${name}\n${message}`);
}
console.log(
  `${failures.size === 0 ? 'No test' : failures.size} failed in ${times} runs beside a load of ${load}.`,
);
process.exit(failures.size === 0 ? 0 : 1);

async function repeat(run) {
  const output = join(results, `${run}.json`);
  const log = join(results, `${run}.log`);
  const start = performance.now();
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${output}`];
  const vitest = spawn(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...filters],
    {
      cwd: root,
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', openSync(log, 'w'), openSync(log, 'a')],
    },
  );
  processes.push(vitest);
  const [status] = await once(vitest, 'exit');
  const before = failures.size;
  const counts = notes(run, output, log, status);
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(
    `run ${run} of ${times}: ${counts}, ${failures.size - before} for the first time; ` +
      `${seconds} s, load average ${loadavg()[0].toFixed(1)}`,
  );
}

/** Takes the failures of a run. */
function notes(run, output, log, status) {
  const fail = (name, message) => {
    if (!failures.has(name)) failures.set(name, { runs: [], message });
    failures.get(name).runs.push(run);
  };
  let report;
  try {
    report = JSON.parse(readFileSync(output, 'utf8'));
  } catch (error) {
    fail('the run itself', `${error.message}, see ${log}`);
    return 'no report';
  }
  let failed = 0;
  for (const { name: path, status: verdict, message, assertionResults } of report.testResults) {
    const file = relative(root, path);
    const tests = assertionResults.filter((one) => one.status === 'failed');
    for (const one of tests) fail(`${file}: ${one.fullName}`, one.failureMessages.join('\n'));
    if (verdict === 'failed' && tests.length === 0) fail(file, message);
    failed += tests.length;
  }
  if (status !== 0 && failed === 0) fail('the run itself', `status ${status}, see ${log}`);
  return `${report.numPassedTests} passed, ${failed} failed`;
}

function wholeNumber(name, least) {
  const value = Number(options[name]);
  if (Number.isInteger(value) && value >= least) return value;
  throw new Error(`--${name} is a whole number of at least ${least}, but got ${options[name]}`);
}
