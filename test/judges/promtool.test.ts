import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { newDirectory } from '../multiprocess/support/directories';
import { type Member, spawn } from '../multiprocess/support/member';
import { findPythonClient, missingPythonClient } from '../oracle/python';

const oddValues = [
  'plain',
  '',
  ' ',
  'a "quoted" word',
  'back\\slash',
  'back\\nslash',
  'two\nlines',
  'trailing\\',
  '{le="1"}',
  'a,b=c # d',
  'é日本😀',
  '\u0000\u0007',
  '\ud800 alone',
  'x'.repeat(5000),
];
const oddNumbers = [
  0,
  -0,
  1,
  0.1 + 0.2,
  1e21,
  1e-7,
  5e-324,
  1.7976931348623157e308,
  Infinity,
  -Infinity,
  Number.NaN,
];

describe('the exposition of two processes', () => {
  test('is accepted by `promtool check metrics`', async ({ skip }) => {
    if (spawnSync('promtool', ['--version']).status !== 0) {
      return skip('promtool is not installed (Debian: apt-get install prometheus)');
    }
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: await expose(),
      encoding: 'utf8',
    });

    // It warns of names that are not the best; a document that cannot be read is "error while linting".
    expect(stdout + stderr).not.toContain('error');
    expect(status === 0 || status === 3, `status ${status}: ${stdout}${stderr}`).toBe(true);
  });

  test("is read by Python's parser, which finds the labels and values that were counted", async ({
    skip,
  }) => {
    const client = findPythonClient();
    if (client === undefined) return skip(missingPythonClient);
    const { stdout, stderr } = spawnSync(client.python, ['-c', parser], {
      input: await expose(),
      encoding: 'utf8',
    });
    if (stdout === '') throw new Error(stderr);
    const samples = JSON.parse(stdout) as { name: string; labels: Record<string, string>; value: string }[];
    const valuesOf = (name: string) =>
      new Map(
        samples
          .filter((sample) => sample.name === name)
          .map(({ labels, value }) => [labels['odd'], Number(value)]),
      );

    const wellFormed = oddValues.map((value) => value.replace('\ud800', '\ufffd'));
    expect(valuesOf('jobs_total')).toEqual(new Map(wellFormed.map((value) => [value, 2])));
    expect(valuesOf('level')).toEqual(new Map(oddNumbers.map((number, i) => [`${i}`, number + 0])));
    expect(valuesOf('wait_seconds_count').get('plain')).toBe(2);
    expect(valuesOf('size_bytes_sum').get('two\nlines')).toBe(600);
  });
});

/** One exposition with all that could be misread. */
async function expose(): Promise<string> {
  const directory = newDirectory();
  const members: Member[] = [await spawn({ directory }), await spawn({ directory })];
  for (const member of members) await member.run(count, { values: oddValues, numbers: oddNumbers });
  return (members[0] as Member).scrape();
}

function count(
  { Counter, Gauge, Histogram, Summary, register }: typeof import('../../src/index'),
  { values, numbers }: { values: readonly string[]; numbers: readonly number[] },
): void {
  const common = { labelNames: ['odd'], help: 'A help with "quotes", a \\ and\ntwo lines.' };
  register.setDefaultLabels({ app: 'odd "app"', instance: 7 });
  const jobs = new Counter({ ...common, name: 'jobs_total' });
  const wait = new Histogram({ ...common, name: 'wait_seconds' });
  const size = new Summary({ ...common, name: 'size_bytes' });
  for (const odd of values) {
    jobs.inc({ odd });
    wait.observe({ odd }, 0.3);
    size.observe({ odd }, 300);
  }
  const level = new Gauge({ ...common, name: 'level', multiprocessMode: 'max' });
  for (const [odd, number] of numbers.entries()) level.set({ odd }, number);
  new Gauge({ ...common, name: 'level_of_each', multiprocessMode: 'all' }).set({ odd: '' }, 1);
  new Gauge({ ...common, name: 'never:set' });
  new Summary({ help: 'Nothing was observed.', name: 'empty_bytes' });
}

const parser = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families
text = sys.stdin.buffer.read().decode()
print(json.dumps([
    dict(name=sample.name, labels=sample.labels, value=str(sample.value).replace("inf", "Infinity").replace("nan", "NaN"))
    for family in text_string_to_metric_families(text) for sample in family.samples]))
`;
