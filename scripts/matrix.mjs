// Installs the packed tarball with every package manager and runs the smoke test in every runtime that a registry brings, and
// writes docs/platforms.md. Arguments choose parts: `node scripts/matrix.mjs clients runtimes`. A part that cannot be had is
// skipped with the reason; one that fails fails the command. Everything is below build/matrix/.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { clients } from './matrix/clients.mjs';
import { compilers } from './matrix/compilers.mjs';
import { emulators, native } from './matrix/emulators.mjs';
import { http } from './matrix/http.mjs';
import { musl } from './matrix/musl.mjs';
import { pack } from './matrix/places.mjs';
import { runtimes } from './matrix/runtimes.mjs';
import { size } from './matrix/tarball.mjs';
import { workflow } from './matrix/workflow.mjs';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));

/** Each gives rows `{ what, result, detail }`; `result` is ok, failed or skipped. */
const parts = { clients, runtimes, http, emulators, musl, native, compilers, tarball: size, workflow };
const { values, positionals: chosen } = parseArgs({
  options: {
    /** Leaves docs/platforms.md as it is. */
    'no-report': { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const unknown = chosen.filter((name) => parts[name] === undefined);
if (unknown.length > 0) throw new Error(`expected parts of ${Object.keys(parts)}, got: ${unknown}`);

const tarball = pack();
const counts = { ok: 0, failed: 0, skipped: 0 };
for (const [name, part] of Object.entries(parts)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const rows = [];
  for await (const row of part(tarball)) {
    counts[row.result]++;
    rows.push(row);
    console.log(`${row.result.padEnd(7)} ${name}: ${row.what} - ${row.detail}`);
  }
  if (!values['no-report']) store(name, rows);
}
console.log(`${counts.ok} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed === 0 ? 0 : 1;

/** Puts the rows between the marks of their part in docs/platforms.md. */
function store(name, rows) {
  const file = 'docs/platforms.md';
  const text = readFileSync(file, 'utf8');
  const [begin, end] = [`<!-- ${name} of npm run matrix -->`, `<!-- end of ${name} -->`];
  const [before, rest] = text.split(`${begin}\n`);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`expected ${begin} and ${end} in ${file}`);
  const lines = rows.map(
    ({ what, result, detail }) => `| ${what} | ${result} | ${detail.replaceAll('|', '\\|')} |`,
  );
  const table = ['| what | result | seen |', '| --- | --- | --- |', ...lines].join('\n');
  writeFileSync(file, `${before}${begin}\n\n${table}\n\n${end}${after}`);
}
