import { expect, test } from 'vitest';
import { newDirectory, segmentsIn } from './support/directories';
import { valuesOf } from './support/exposition';
import { spawn } from './support/member';

const owners = 12;
const series = 400;
const buckets = 5000;
const segmentBytes = series * buckets * 8;

test('a compaction of many large segments needs the memory of the archive and of one segment', async () => {
  const directory = newDirectory();
  const [compactor, application] = await Promise.all([spawn({ directory }), spawn({ directory })]);
  await compactor.run(({ Counter }) => new Counter({ name: 'up_total', help: 'Up.' }).inc());
  for (let i = 0; i < owners; i++) {
    const owner = await application.startThread();
    await owner.run(
      ({ Counter, Histogram }, { series, buckets }) => {
        const bounds = Array.from({ length: buckets }, (_, i) => i);
        const sizes = new Histogram({ name: 'size', help: 'Sizes.', labelNames: ['of'], buckets: bounds });
        new Counter({ name: 'owners_total', help: 'Owners.' }).inc();
        for (let i = 0; i < series; i++) sizes.observe({ of: `${i}` }, i);
      },
      { series, buckets },
    );
  }
  await application.kill();
  expect(segmentsIn(directory)).toHaveLength(owners + 1);
  const before = await compactor.run(() => process.resourceUsage().maxRSS);
  await compactor.run(({ register }) => register.resetGroup('no_such_metric')); // compacts without a scrape
  expect(segmentsIn(directory)).toHaveLength(1);
  const after = await compactor.run(() => process.resourceUsage().maxRSS);

  expect((after - before) * 1024).toBeLessThan(10 * segmentBytes);
  const shown = await compactor.run(({ register }) => register.getSingleMetricAsString('owners_total'));
  expect(valuesOf(`${shown}\n`).get('owners_total{}')).toBe(owners);
});
