// Everything that can be said about the sources without running them, and about the package that they make. All checks
// run, also when others fail; build/results/check.json counts them.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));

// Versions of clang-format differ in what they make of the same style; this is Debian 12's.
const clangFormat = 'clang-format-14';
const hasClangFormat = spawnSync(clangFormat, ['--version']).status === 0;

const checks = [
  ['it compiles', [process.execPath, 'scripts/setup.mjs']],
  [
    'format and lint of JavaScript and TypeScript',
    ['biome', 'ci', '--colors=off', '--error-on-warnings', '--max-diagnostics=50'],
  ],
  ['format of C++', hasClangFormat && [clangFormat, '--dry-run', '--Werror', ...nativeSources()]],
  ['types of tests and benchmarks', ['tsc', '-p', 'test']],
  ['types of the live page', ['tsc', '-p', 'page']],
  ['unused files, exports and dependencies', ['knip']],
  ['package: publint', ['publint', '--strict']],
  ['package: types resolve for every kind of importer', ['attw', '--pack', '.']],
];

const counts = { passed: 0, failed: 0, skipped: 0 };
for (const [name, command] of checks) {
  const result = command ? run(command) : { verdict: 'skipped', output: `${clangFormat} is not installed` };
  counts[result.verdict]++;
  console.log(`${result.verdict.padEnd(7)} ${name}`);
  if (result.verdict !== 'passed') console.log(result.output.trimEnd().replace(/^/gm, '    '));
}
mkdirSync('build/results', { recursive: true });
writeFileSync('build/results/check.json', JSON.stringify(counts));
console.log(counts.failed === 0 ? 'No check failed.' : `${counts.failed} of ${checks.length} checks failed.`);
process.exitCode = counts.failed === 0 ? 0 : 1;

function run([tool, ...args]) {
  const env = {
    ...process.env,
    NO_COLOR: '1',
    // The tarballs of these tools are not published.
    PACK_WITHOUT_PREBUILDS: '1',
    PATH: `${join(process.cwd(), 'node_modules/.bin')}:${process.env.PATH}`,
  };
  const { status, error, stdout, stderr } = spawnSync(tool, args, {
    encoding: 'utf8',
    env,
    maxBuffer: 64 * 1024 * 1024,
  });
  return { verdict: status === 0 ? 'passed' : 'failed', output: error ? `${error}` : `${stdout}${stderr}` };
}

function nativeSources() {
  return readdirSync('native', { recursive: true })
    .filter((name) => /\.(cc|h)$/.test(name))
    .map((name) => join('native', name));
}
