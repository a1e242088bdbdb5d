// Counts the instructions of a scrape under callgrind and compares them with scripts/instructions.json: a guard against
// slower code that does not depend on the load of the machine. `--store` stores the new counts instead.
// Exits with 0 when no count exceeds the margin, with 1 when one does, with 77 and the reason when it cannot count.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));
const stored = 'scripts/instructions.json';
const program = 'build/instructions/scrape-instructions';
const skipped = 77;

const { margin, figures } = JSON.parse(readFileSync(stored, 'utf8'));
const isStoring = process.argv.includes('--store');
const known = figures[process.arch];
if (spawnSync('valgrind', ['--version']).status !== 0) skip('there is no valgrind');
if (known === undefined && !isStoring) skip(`there are no figures for ${process.arch}`);
run('make', '--no-print-directory', '-C', 'native/test', '-j2', 'instructions');

const counted = { FirstScrape: count('FirstScrape'), NextScrape: count('NextScrape') };
if (isStoring) {
  figures[process.arch] = counted;
  writeFileSync(stored, `${JSON.stringify({ margin, figures }, undefined, 2)}\n`);
}
for (const [name, instructions] of Object.entries(counted)) {
  const expected = figures[process.arch][name];
  const change = (instructions / expected - 1) * 100;
  console.log(`${name}: ${instructions} instructions, ${change.toFixed(1)} % from the stored ${expected}`);
  if (change <= margin) continue;
  console.log(
    `This is more than the margin of ${margin} %: make it faster, or run \`npm run instructions -- --store\`.`,
  );
  process.exitCode = 1;
}

/** The instructions of one call of the function. */
function count(name) {
  const out = `build/instructions/${name}.out`;
  rmSync(out, { force: true });
  const { stdout } = run(
    'valgrind',
    '--tool=callgrind',
    '--quiet',
    `--toggle-collect=${name}`,
    `--callgrind-out-file=${out}`,
    program,
  );
  const calls = name === 'FirstScrape' ? 1 : Number(stdout.split(' ')[0]);
  const total = /^(?:totals|summary): (\d+)/m.exec(readFileSync(out, 'utf8'))?.[1];
  return Math.round(Number(total) / calls);
}

function run(command, ...args) {
  const result = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (result.status === 0) return result;
  console.error(
    `${command} ${args.join(' ')} ended with ${result.signal ?? result.status}: ${result.error ?? result.stdout}`,
  );
  process.exit(1);
}

function skip(reason) {
  console.log(`skipped, as ${reason}`);
  process.exit(skipped);
}
