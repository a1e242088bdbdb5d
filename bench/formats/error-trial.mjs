// One trial of quantiles over four processes. This is the primary of a cluster, whose workers run this module, too. The parent gets the
// quantiles that a scraper would see, and the exact ones.
import cluster from 'node:cluster';
import { load, rivalOf } from '../rivals.mjs';
import { latenciesOf, processes } from './latencies.mjs';
import { classicQuantile, nativeQuantile } from './quantiles.mjs';

const { rival, kind, observations, quantiles, seed } = JSON.parse(process.argv[2]);
const client = await load(rival);
const metrics = rivalOf(rival).scraper(client);
const config = { name: 'latency_seconds', help: 'How long requests take.' };
const kinds = {
  native: () => new client.Histogram({ ...config, buckets: [], nativeHistogramBucketFactor: 1.1 }),
  classic: () => new client.Histogram(config),
  summary: () => new client.Summary({ ...config, percentiles: quantiles }),
};

if (cluster.isPrimary) await answer();
else {
  const metric = kinds[kind]();
  for (const value of latenciesOf(Number(process.env.BENCH_PROCESS), observations, seed))
    metric.observe(value);
  process.send('observed');
}

async function answer() {
  process.once('disconnect', () => process.exit(1));
  const all = Array.from({ length: processes }, (_, i) => latenciesOf(i, observations, seed)).flat();
  all.sort((a, b) => a - b);
  const exact = quantiles.map((q) => all[Math.ceil(q * all.length) - 1]);
  const workers = Array.from({ length: processes }, (_, i) => cluster.fork({ BENCH_PROCESS: `${i}` }));
  await Promise.all(
    workers.map(
      (worker) => new Promise((resolve) => worker.on('message', (text) => text === 'observed' && resolve())),
    ),
  );
  const found = await estimates();
  process.send({ exact, found }, () => process.exit());
}

async function estimates() {
  if (kind === 'native') {
    const [{ values }] = await client.register.getGroupMetricsAsJSON();
    const { native } = values.find((sample) => sample.native);
    return quantiles.map((q) => nativeQuantile(native, q));
  }
  const text = await metrics();
  if (kind === 'summary') {
    return quantiles.map((q) =>
      Number(new RegExp(`^latency_seconds{quantile="${q}"} (.*)$`, 'm').exec(text)[1]),
    );
  }
  const buckets = [...text.matchAll(/^latency_seconds_bucket{le="(.*)"} (.*)$/gm)].map(([, bound, count]) => [
    bound === '+Inf' ? Infinity : Number(bound),
    Number(count),
  ]);
  return quantiles.map((q) => classicQuantile(buckets, q));
}
