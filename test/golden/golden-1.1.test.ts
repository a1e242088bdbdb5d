import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { configure, register } from '../../src/index';

const directory = mkdtempSync(join(tmpdir(), 'golden-'));
afterAll(() => rmSync(directory, { recursive: true }));

// The owner of this segment was killed. Never write the file anew: every later release must read it as it is.
test('native histograms and units of a segment of format 1.1 are read for ever', async () => {
  copyFileSync(join(__dirname, 'segment-1.1.bin'), join(directory, 's.19673.19673.2333a39b2e8d2d43'));
  configure({ dir: directory });
  const families = await register.getGroupMetricsAsJSON();
  const found = families.map(({ name, values, ...family }) => ({
    name,
    unit: (family as { unit?: string }).unit,
    native: values.flatMap((sample) => (sample as { native?: object }).native ?? []),
  }));

  const zeroThreshold = 2 ** -128;
  expect(found).toEqual([
    { name: 'cpu_seconds_total', unit: 'seconds', native: [] },
    {
      name: 'both_seconds',
      unit: 'seconds',
      native: [
        {
          schema: 3,
          zeroThreshold,
          zeroCount: 1,
          positive: [
            [-16, 1],
            [-3, 2],
            [13, 1],
          ],
          negative: [[8, 1]],
        },
      ],
    },
    {
      name: 'sizes',
      native: [
        {
          schema: -1,
          zeroThreshold: 0.001,
          zeroCount: 1,
          positive: [
            [0, 1],
            [1, 2],
            [2, 2],
            [5, 1],
          ],
          negative: [],
        },
      ],
    },
  ]);
  expect(await register.metrics()).toContain('both_seconds_bucket{le="1",app="golden",route="/a"} 5\n');
});
