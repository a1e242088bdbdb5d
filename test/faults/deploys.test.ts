import { describe, expect, test } from 'vitest';
import { installedCopy, newDirectory } from '../multiprocess/support/directories';
import { parse, valuesOf } from '../multiprocess/support/exposition';
import { type Member, spawn } from '../multiprocess/support/member';

const leftOut = 'prom_client_mmap_conflicting_families{}';

type Library = typeof import('../../src/index');

describe('two versions of an application at once', () => {
  test('with other buckets: the newer definition is shown, the older one again when the newer is gone', async () => {
    const { before, after, observer } = await twoVersions(
      ({ Histogram }) => {
        new Histogram({ name: 'wait_seconds', help: 'Old.', buckets: [1, 2] }).observe(1.5);
      },
      ({ Histogram }) => {
        new Histogram({ name: 'wait_seconds', help: 'New.', buckets: [1, 5] }).observe(3);
      },
    );
    const [wide, narrow] = [
      { 'wait_seconds_bucket{le="5"}': 1, 'wait_seconds_sum{}': 3 },
      { 'wait_seconds_bucket{le="2"}': 1, 'wait_seconds_sum{}': 1.5 },
    ].map((own) => ({
      'wait_seconds_bucket{le="1"}': 0,
      'wait_seconds_bucket{le="+Inf"}': 1,
      'wait_seconds_count{}': 1,
      ...own,
    }));

    for (const member of [before, after, observer]) {
      expect(await valuesSeenBy(member)).toEqual({ ...wide, [leftOut]: 1 });
    }
    await after.kill();
    for (const member of [before, observer]) {
      expect(await valuesSeenBy(member)).toEqual({ ...narrow, [leftOut]: 1 });
    }
  });

  test('with another type: so it is, and an exposition never has both', async () => {
    const { before, after, observer } = await twoVersions(
      ({ Counter }) => new Counter({ name: 'jobs', help: 'Old.' }).inc(2),
      ({ Gauge }) => new Gauge({ name: 'jobs', help: 'New.' }).set(5),
    );
    for (const member of [before, after, observer]) {
      expect(parse(await member.scrape())).toMatchObject([
        { name: 'jobs', help: 'New.', type: 'gauge', samples: [{ name: 'jobs', labels: {}, value: 5 }] },
        { name: 'prom_client_mmap_conflicting_families', samples: [{ value: 1 }] },
      ]);
    }
    await after.kill();
    expect(parse(await observer.scrape())).toMatchObject([
      { type: 'counter', samples: [{ value: 2 }] },
      { name: 'prom_client_mmap_conflicting_families' },
    ]);
  });

  test('with other labels and another help: all series are shown under one help', async () => {
    const { before, after, observer } = await twoVersions(
      ({ Counter }) => {
        new Counter({ name: 'jobs_total', help: 'Old.', labelNames: ['queue'] }).inc({ queue: 'mail' }, 1);
      },
      ({ Counter }) => {
        const labelNames = ['queue', 'host'];
        const jobs = new Counter({ name: 'jobs_total', help: 'New.', labelNames });
        jobs.inc({ queue: 'mail', host: 'a' }, 2);
        jobs.inc({ queue: 'mail' }, 4);
      },
    );
    for (const member of [before, after, observer]) {
      const [family, ...others] = parse(await member.scrape());
      expect(others).toEqual([]);
      expect(family?.help).toBe('New.');
      expect(await valuesSeenBy(member)).toEqual({
        'jobs_total{queue="mail"}': 5,
        'jobs_total{host="a",queue="mail"}': 2,
      });
    }
  });
});

test('two copies of the library in processes of one group count together', async () => {
  const directory = newDirectory();
  const from = installedCopy({ addon: true });
  const [here, there] = await Promise.all([spawn({ directory }), spawn({ directory, from })]);
  const texts: string[] = [];
  for (const [i, member] of [here, there].entries()) {
    await member.run(({ configure, Counter, Gauge, Histogram, Summary }, number) => {
      configure({ collectDeadlineMs: 10_000 }); // so that a busy machine makes no owner late
      const help = 'What the members of the test do.';
      new Counter({ name: 'jobs_total', help }).inc(number);
      new Histogram({ name: 'wait_seconds', help, buckets: [1] }).observe(number);
      new Summary({ name: 'size_bytes', help, percentiles: [0.5] }).observe(8);
      new Gauge({
        name: 'collected',
        help,
        collect() {
          this.set(number);
        },
      });
    }, i + 1);
  }
  for (const member of [here, there]) texts.push(await member.scrape());

  expect(texts[0]).toBe(texts[1]);
  expect(Object.fromEntries(valuesOf(texts[0] ?? ''))).toMatchObject({
    'jobs_total{}': 3,
    'wait_seconds_count{}': 2,
    'wait_seconds_sum{}': 3,
    'size_bytes_count{}': 2,
    'collected{}': 3,
  });
});

/** One process of each version, the older one started first, and one that defines nothing. */
async function twoVersions(
  before: (library: Library) => unknown,
  after: (library: Library) => unknown,
): Promise<{ before: Member; after: Member; observer: Member }> {
  const directory = newDirectory();
  const members = await Promise.all([spawn({ directory }), spawn({ directory }), spawn({ directory })]);
  await members[0].run(before);
  await members[1].run(after);
  return { before: members[0], after: members[1], observer: members[2] };
}

async function valuesSeenBy(member: Member): Promise<Record<string, number>> {
  return Object.fromEntries(valuesOf(await member.scrape()));
}
