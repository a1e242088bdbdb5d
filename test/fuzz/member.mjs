// A process of the group. Its argument is JSON: `dir` of the group, and the `name` of an owner that counts; without it, it only
// answers scrapes. A request may say how much it counts before, and which answer it wants.
import library from '../../index.js';

const { AggregatorRegistry, configure, Counter, Gauge, Histogram, register, Summary } = library;
const { dir, name, rich = false } = JSON.parse(process.argv[2]);
configure({ dir, selfMetrics: 'all' });
process.on('disconnect', () => process.exit());
const count = name === undefined ? () => undefined : makeMetrics();
const cluster = new AggregatorRegistry();
const decoder = new TextDecoder('utf-8', { fatal: true });
const answers = {
  text: () => register.metrics(),
  buffer: async () => decoder.decode(await register.getMetricsAsBuffer()),
  json: () => register.getGroupMetricsAsJSON(),
  cluster: () => cluster.clusterMetrics(),
};

process.on('message', async ({ ask: id, amount = 0, renew = false, answer = 'text' }) => {
  try {
    count(amount, renew);
    const value = await answers[answer]();
    process.send?.({ id, value, rss: process.memoryUsage.rss() });
  } catch (error) {
    process.send?.({ id, error: error.stack });
  }
});
process.send?.({ ready: true });

/** Of all types, under the names that all owners of the group use. */
function makeMetrics() {
  const help = 'What an owner does.';
  const labelNames = ['owner', 'part'];
  const jobs = new Counter({ name: 'jobs_total', help, labelNames });
  const busy = new Gauge({ name: 'busy', help, labelNames, multiprocessMode: 'livesum' });
  const seconds = new Histogram({ name: 'seconds', help, labelNames, buckets: [0.25, 0.5] });
  const sizes = new Summary({ name: 'sizes', help, labelNames, percentiles: [0.5] });
  const sessions = new Gauge({ name: 'sessions', help, labelNames: ['id'] });
  const labels = { owner: name, part: '' };
  if (rich) makeMore();
  return (amount, renew) => {
    jobs.inc(labels, amount);
    busy.set(labels, 1);
    for (let i = 0; i < amount; i++) {
      seconds.observe(labels, 0.25);
      sizes.observe(labels, 2);
    }
    if (!renew) return;
    sessions.reset();
    for (let i = 0; i < 400; i++) sessions.set({ id: `${name}/${i}/${Math.random()}` }, 1);
  };

  /** What makes a file of every kind of record. */
  function makeMore() {
    register.setDefaultLabels({ zone: 'a' });
    for (const mode of ['min', 'max', 'sum', 'mostrecent', 'all', 'liveall', 'livemax']) {
      new Gauge({ name: `gauge_${mode}`, help, multiprocessMode: mode }).set(3);
    }
    const aged = new Summary({ name: 'aged', help, maxAgeSeconds: 3600, ageBuckets: 3 });
    for (let i = -50; i < 50; i++) aged.observe(1.5 ** i * (i % 3 === 0 ? -1 : 1));
    const traced = new Counter({ name: 'traced_total', help, enableExemplars: true });
    traced.inc({ exemplarLabels: { trace: 'abc' } });
    for (let part = 0; part < 50; part++) {
      jobs.inc({ owner: name, part: `${part}` }, part);
      seconds.observe({ owner: name, part: `${part}` }, part / 100);
      sizes.observe({ owner: name, part: `${part}` }, part);
    }
    for (let part = 0; part < 10; part++) jobs.remove({ owner: name, part: `${part}` });
  }
}
