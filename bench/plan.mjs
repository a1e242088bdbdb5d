import { limit, rivals } from './rivals.mjs';
import { workloads } from './workloads/all.mjs';

/** How much is measured: trials of a workload, seconds of each, and for each size of cluster trials and scrapes. */
export const efforts = {
  full: {
    rounds: 7,
    seconds: 0.3,
    clusters: [
      { sets: 1000, rounds: 5, scrapes: 8 },
      { sets: 10_000, rounds: 3, scrapes: 6 },
    ],
  },
  quick: { rounds: 3, seconds: 0.1, clusters: [{ sets: 1000, rounds: 1, scrapes: 4 }] },
};

/** Everything that can be measured: each a name, the number of rounds, and who takes part with which trial; the figures go to `trials`. */
export function plan(effort) {
  return [...workloads.map((workload) => operation(workload, effort)), ...effort.clusters.map(scrape)];
}

/** Those of the given names or families; all, if none is given. */
export function chosen(measurements, names) {
  const isCalled = (name) => (measurement) =>
    measurement.name === name || measurement.name.startsWith(`${name}-`);
  for (const name of names) {
    if (measurements.some(isCalled(name))) continue;
    const known = measurements.map((measurement) => measurement.name).join(', ');
    throw new RangeError(`--only: expected one of ${known}, or what they begin with, but got ${name}`);
  }
  return measurements.filter(
    (measurement) => names.length === 0 || names.some((name) => isCalled(name)(measurement)),
  );
}

function operation({ name, title, limit: hasLimit }, { rounds, seconds }) {
  const contestants = [...(hasLimit ? [limit] : []), ...rivals.map((rival) => rival.name)].map((rival) => ({
    rival,
    trial: { workload: name, rival, seconds },
    trials: [],
  }));
  return { kind: 'operation', name, title, rounds, module: 'operation-trial.mjs', contestants };
}

function scrape({ sets, rounds, scrapes }) {
  const contestants = rivals.flatMap(({ name: rival, servers }) =>
    servers.map((server) => ({ rival, server, trial: { rival, server, sets, scrapes }, trials: [] })),
  );
  return { kind: 'scrape', name: `scrape-${sets}`, sets, rounds, module: 'scrape-trial.mjs', contestants };
}
