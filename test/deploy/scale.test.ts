import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../multiprocess/support/member';

const document = readFileSync(join(root, 'docs', 'scale.md'), 'utf8');

test('the samples and sizes of docs/scale.md are those that scripts/scale.mjs measures', () => {
  const program = join(root, 'scripts', 'scale.mjs');
  const output = execFileSync(process.execPath, [program, '--print', '100'], { encoding: 'utf8' });
  const [documented, measured] = [document, output].map((text) => numbersOf(text, '100'));

  expect(measured).toHaveLength(9);
  for (const [i, number] of (measured ?? []).entries()) {
    const said = documented?.[i] ?? 0;
    // Gauges and counts of collections have more digits at one time than at another.
    expect(Math.abs(number - said), `column ${i + 2}`).toBeLessThanOrEqual(0.05 * said + 1);
  }
});

test('the series of 10,000 pods in docs/scale.md are those of its measurements', () => {
  const cells = (name: string): string[] =>
    (new RegExp(`^\\| ${name} \\|(.*)\\|$`, 'm').exec(document)?.[1] ?? '')
      .split('|')
      .map((cell) => cell.trim());
  const [classic10, native10] = numbersOf(document, '10');
  const [classic100, native100] = numbersOf(document, '100');
  const pod = cells('series of a pod').map((cell) => Number(cell.replaceAll(',', '')));

  expect(pod).toEqual([classic10, native10, classic100, native100]);
  const millions = (count: number): number => Number(((count * 10_000) / 1e6).toPrecision(3));
  expect(cells('active series').map((cell) => Number.parseFloat(cell))).toEqual(
    pod.map((count) => expect.closeTo(millions(count), 1)),
  );
});

/** The numbers of a row of the table after its number of routes. */
function numbersOf(text: string, routes: string): number[] {
  const row = new RegExp(`^\\| ${routes} \\| (.*) \\|$`, 'm').exec(text)?.[1] ?? '';
  return row.split(' | ').map((cell) => Number.parseFloat(cell.replaceAll(',', '')));
}
