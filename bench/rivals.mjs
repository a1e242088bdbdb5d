// Who is measured. One line adds a rival: the module of that name is passed to the same workloads.
//   servers      the processes of a cluster that can answer for all of it: 'primary', 'worker'
//   scraper      makes the function that does so; called in every process of the cluster, for those that have to listen
//   givesUpAfter milliseconds after which a scrape that waits for workers fails

const messages = {
  servers: ['primary'],
  scraper(client) {
    const registry = new client.AggregatorRegistry();
    return () => registry.clusterMetrics();
  },
  givesUpAfter: 5000,
};

const sharedMemory = {
  servers: ['worker', 'primary'],
  scraper: (client) => () => client.register.metrics(),
};

/** Ours. */
export const own = 'prom-client-mmap';

/** Installed under another name: fastify-metrics would take it, wherever it finds it, in place of ours. */
const installedAs = { '@platformatic/prom-client': 'platformatic-prom-client' };

/** The package to import for a rival. */
export function packageOf(name) {
  return installedAs[name] ?? name;
}

export const rivals = [
  { name: 'prom-client', ...messages },
  { name: '@platformatic/prom-client', ...messages },
  { name: '@prometheus-io/client', ...messages },
  { name: own, ...sharedMemory },
];

/** Not a rival but the physical reference: what a workload's `limit` does with plain cells. */
export const limit = 'Float64Array';

/** The figure of the best of those that are neither ours nor the limit. */
export function bestOther(figures, figure) {
  const others = figures.filter(({ rival }) => rival !== own && rival !== limit);
  return Math.min(...others.map((other) => other[figure]));
}

export function figureOf(figures, name) {
  return figures.find(({ rival }) => rival === name);
}

export async function load(name) {
  const module = await import(packageOf(name));
  return module.default?.Counter === undefined ? module : module.default;
}
