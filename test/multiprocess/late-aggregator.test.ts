import { expect, test } from 'vitest';
import type { Gauge } from '../../src/index';
import { valuesOf } from './support/exposition';
import { spawn } from './support/member';

test("the aggregator that is assigned to somebody else's metric counts, whoever is asked", async () => {
  const primary = await spawn();
  const workers = await Promise.all([primary.startWorker(), primary.startWorker(), primary.startWorker()]);
  await Promise.all(
    workers.map((worker, i) =>
      worker.run(({ Counter, Gauge }, index) => {
        const labelNames = ['queue'];
        new Gauge({ name: 'length', help: 'h', labelNames }).set({ queue: 'mail' }, 5);
        new Gauge({ name: 'least', help: 'h' }).set(index + 1);
        new Counter({ name: 'jobs_total', help: 'h', labelNames }).inc({ queue: 'mail' }, index + 1);
      }, i),
    ),
  );
  expect(valuesOf(await primary.scrape()).get('length{queue="mail"}')).toBe(15);

  for (const worker of workers) {
    await worker.run(({ register }) => {
      for (const [name, aggregator] of [
        ['length', 'max'],
        ['least', 'min'],
        ['jobs_total', 'max'],
      ] as const) {
        (register.getSingleMetric(name) as unknown as { aggregator: string }).aggregator = aggregator;
      }
      // Of a later series and of one that is counted in again the new mode holds, too.
      (register.getSingleMetric('length') as Gauge).set({ queue: 'fax' }, 2);
      (register.getSingleMetric('length') as Gauge).inc({ queue: 'mail' });
    });
  }
  for (const member of [primary, ...workers]) {
    const values = valuesOf(await member.scrape());
    expect(values.get('length{queue="mail"}')).toBe(6);
    expect(values.get('length{queue="fax"}')).toBe(2);
    expect(values.get('least{}')).toBe(1);
    expect(values.get('jobs_total{queue="mail"}')).toBe(3);
  }
});

test('a mode survives the rewrite of its segment, and a metric that is unregistered is gone', async () => {
  const member = await spawn();
  await member.run(({ Counter, Gauge, register }) => {
    const gauge = new Gauge({ name: 'length', help: 'h' });
    gauge.set(5);
    for (const aggregator of ['max', 'min', 'average']) Object.assign(gauge, { aggregator });
    const churn = new Counter({ name: 'churn_total', help: 'h', labelNames: ['id'] });
    for (let i = 0; i < 20_000; i++) {
      churn.inc({ id: `${i}` });
      churn.remove({ id: `${i}` });
    }
    gauge.inc();
    Object.assign(new Gauge({ name: 'gone', help: 'h' }), { aggregator: 'max' });
    register.removeSingleMetric('gone');
  });

  expect(await member.scrape()).toMatch(/\nlength 6\n/);
  expect(await member.scrape()).not.toContain('gone');
});

test('an aggregator that does not exist, or stands beside another mode, is refused and changes nothing', async () => {
  const member = await spawn();
  const refused = await member.run(({ Gauge }) => {
    const gauges = [
      new Gauge({ name: 'greatest', help: 'h', aggregator: 'max' }),
      new Gauge({ name: 'recent', help: 'h', multiprocessMode: 'mostrecent' }),
      new Gauge({ name: 'led', help: 'h', collectBy: 'leader', collect() {} }),
    ];
    return gauges.map((gauge, i) => {
      try {
        Object.assign(gauge, { aggregator: i === 0 ? 'most' : 'max' });
        return [];
      } catch (error) {
        gauge.set(i);
        const { aggregator } = gauge as object as { aggregator: string };
        return [aggregator, (error as { code: string }).code];
      }
    });
  });

  expect(refused).toEqual([
    ['max', 'ERR_AGGREGATOR'],
    ['sum', 'ERR_GAUGE_MODE'],
    ['sum', 'ERR_GAUGE_MODE'],
  ]);
  expect(await member.scrape()).toMatch(/\nrecent 1\n/);
});
