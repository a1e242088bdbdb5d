import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Family, keyOf, parse } from '../multiprocess/support/exposition';
import { root } from '../multiprocess/support/member';
import { type Database, startDatabase } from './support/database';

/** The families of both expositions by name. */
let theirs: ReadonlyMap<string, Family>;
let ours: ReadonlyMap<string, Family>;
let texts: { readonly theirs: string; readonly ours: string };

let database: Database | undefined;

beforeAll(async () => {
  database = await startDatabase();
  const output = execFileSync(process.execPath, [join(root, 'test/fixtures/opentelemetry-tee.mjs')], {
    cwd: root,
    env: { PATH: process.env['PATH'], ...database?.env },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  texts = JSON.parse(output);
  theirs = familiesOf(mendedText(texts.theirs));
  ours = familiesOf(texts.ours);
});

afterAll(() => database?.stop());

test('synchronous instruments of the instrumentation of pg have the values of the SDK', ({ skip }) => {
  if (database === undefined) return skip('PostgreSQL is not installed (Debian: apt-get install postgresql)');
  const names = [...theirs.keys()].filter((name) => name.startsWith('db_client_'));

  expect(names).toEqual(
    expect.arrayContaining(['db_client_operation_duration', 'db_client_connection_count']),
  );
  for (const name of names) expect(valuesOf(ours.get(name)), name).toEqual(valuesOf(theirs.get(name)));
  expect([...valuesOf(ours.get('db_client_operation_duration')).keys()].join()).toContain('error_type');
});

test('synchronous instruments of real instrumentations have the values of the SDK', () => {
  const synchronous = [...theirs.keys()].filter((name) => /^(http|v8js_gc)_/.test(name));
  expect(synchronous).toEqual(
    expect.arrayContaining([
      'http_server_request_duration',
      'http_client_request_duration',
      'v8js_gc_duration',
    ]),
  );
  for (const name of synchronous) {
    // A garbage collection may come between the two expositions.
    if (name === 'v8js_gc_duration') continue;
    expect(valuesOf(ours.get(name)), name).toEqual(valuesOf(theirs.get(name)));
  }
  const keys = [...valuesOf(ours.get('http_client_request_duration')).keys()].join('\n');
  expect(keys).toContain('error_type');
  expect(keys).toContain('instrumentation-undici');
  expect(keys).toContain('instrumentation-http');
});

test('observable instruments of real instrumentations have the series of the SDK', () => {
  const observable = [...theirs.keys()].filter((name) => !/^(http|db_client|v8js_gc|target)_/.test(name));
  // The callbacks of the first start anew at each reading, and the second are different handles at each.
  const changing = /^(nodejs_eventloop_delay_|v8js_resource_active$)/;
  const names = observable.filter((name) => !changing.test(name));

  expect(names).toEqual(
    expect.arrayContaining(['system_cpu_time_total', 'process_memory_usage', 'v8js_memory_heap_used']),
  );
  for (const name of names) {
    expect([...valuesOf(ours.get(name)).keys()].sort(byText), name).toEqual(
      [...valuesOf(theirs.get(name)).keys()].sort(byText),
    );
    expect(ours.get(name)?.type, name).toBe(theirs.get(name)?.type);
  }
});

test('promtool accepts the text, and refuses that of the exporter, which repeats HELP for each scope', ({
  skip,
}) => {
  if (spawnSync('promtool', ['--version']).status !== 0) {
    return skip('promtool is not installed (Debian: apt-get install prometheus)');
  }
  const check = (input: string) => spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });

  const ofNames =
    /^db_client_connection_count non-histogram and non-summary metrics should not have "_count" suffix\n/;
  expect(check(texts.ours).stderr.replace(ofNames, '')).toBe('');
  expect(check(`${texts.theirs}\n`).stderr).toContain('second HELP line for metric name');
});

/** The exporter repeats HELP and TYPE for each scope, and has UNIT lines, which belong to OpenMetrics. */
function mendedText(text: string): string {
  const heads = new Set<string>();
  const blocks = new Map<string, string[]>();
  let block: string[] = [];
  for (const line of text.split('\n')) {
    const [, kind, name = ''] = /^# (HELP|TYPE|UNIT) (\S+)/.exec(line) ?? [];
    if (kind === undefined) {
      block.push(line);
      continue;
    }
    block = blocks.get(name) ?? [];
    blocks.set(name, block);
    if (kind !== 'UNIT' && !heads.has(`${kind} ${name}`)) block.push(line);
    heads.add(`${kind} ${name}`);
  }
  return `${[...blocks.values()].flat().join('\n')}\n`;
}

function familiesOf(text: string): ReadonlyMap<string, Family> {
  return new Map(parse(text).map((family) => [family.name, family]));
}

function valuesOf(family: Family | undefined): Map<string, number> {
  return new Map(family?.samples.map((sample) => [keyOf(sample), sample.value]));
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}
