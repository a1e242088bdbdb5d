// The libraries that are measured. One line adds a rival: the same workloads import the module of that name.
//   servers       the processes of a cluster that can answer for all of it: 'primary', 'worker'
//   scraper       makes the function that answers. Every process of the cluster calls it, since workers may have to listen
//   givesUpAfter  milliseconds after which a scrape that waits for workers fails

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

/** The library of this repository. */
export const own = 'prom-client-mmap';

/** The library that most users migrate from. */
export const incumbent = 'prom-client';

/** A server without metrics, as a reference instead of a rival. */
export const withoutMetrics = 'no metrics';

/** Installed under another name, since fastify-metrics would import it in place of prom-client. */
const installedAs = { '@platformatic/prom-client': 'platformatic-prom-client' };

/** The package to import for a rival. */
export function packageOf(name) {
  return installedAs[name] ?? name;
}

export const rivals = [
  { name: incumbent, ...messages },
  { name: '@platformatic/prom-client', ...messages },
  { name: '@prometheus-io/client', ...messages },
  { name: own, ...sharedMemory },
];

export const rivalNames = rivals.map(({ name }) => name);

export function rivalOf(name) {
  return rivals.find((rival) => rival.name === name);
}

/** A physical reference instead of a rival: the `limit` of a workload does its work on plain doubles. */
export const limit = 'Float64Array';

/** A physical reference for scrapes: see copy-time.mjs. */
export const copying = 'copying the cells and the text';

/** The best figure of the rivals: neither ours nor the limit's. */
export function bestOther(figures, figure) {
  const others = figures.filter(({ rival }) => rival !== own && rival !== limit);
  return Math.min(...others.map((other) => other[figure]));
}

export function figureOf(figures, name) {
  return figures.find(({ rival }) => rival === name);
}

/** The module of a rival. From here on a warning ends the process: it says that the rival does not run as in production. */
export async function load(name) {
  process.on('warning', (warning) => {
    throw warning;
  });
  const module = await import(packageOf(name));
  return module.default?.Counter === undefined ? module : module.default;
}
