// The sections of the report. A section is one question, one chapter of the report and one folder:
//   measurements(effort)   each a `name`, the number of `rounds`, the `module` that runs one trial in a process of its own,
//                          and `contestants`: each a `rival`, its `trial`, and `trials` for the results of them
//   resultOf(measurement)  the figures of all its trials
//   tables(results)        Markdown
//   chapter(results, effort, about)   the tables and the conditions under which they were measured
//   charts(results)        the arguments of scripts/chart.mjs, each with the `file` to write
import * as application from './application/section.mjs';
import * as cluster from './cluster/section.mjs';
import * as formats from './formats/section.mjs';
import * as http from './http/section.mjs';
import * as load from './load/section.mjs';
import * as memory from './memory/section.mjs';
import * as opentelemetry from './opentelemetry/section.mjs';
import * as operations from './operations/section.mjs';
import * as processes from './processes/section.mjs';
import * as series from './series/section.mjs';
import * as start from './start/section.mjs';
import * as stops from './stops/section.mjs';

export const sections = {
  operations,
  application,
  series,
  load,
  cluster,
  http,
  processes,
  memory,
  start,
  stops,
  formats,
  opentelemetry,
};

/** The arguments of `measurements`. */
export const efforts = {
  full: {
    operations: { rounds: 3, seconds: 0.3 },
    application: { rounds: 3, seconds: 0.2, mixes: 20 },
    series: { rounds: 15, series: 20_000 },
    load: { rounds: 3, sets: 20_000, seconds: 8 },
    cluster: [
      { sets: 1000, rounds: 5, scrapes: 7, atOnce: 10 },
      { sets: 3000, rounds: 3, scrapes: 5 },
      { sets: 10_000, rounds: 3, scrapes: 4 },
      { sets: 30_000, rounds: 1, scrapes: 2 },
    ],
    processes: {
      rounds: 2,
      scrapes: 5,
      counters: { processes: [1, 4, 16], series: 10_000 },
      histograms: { processes: [8, 16, 32, 64], series: 2000 },
      dead: { processes: 4, series: 1000, owners: [0, 300, 1000, 3000] },
    },
    http: { rounds: 5, seconds: 5 },
    memory: { rounds: 1, series: 100_000 },
    start: { rounds: 21 },
    stops: { rounds: 3, series: [100_000, 250_000, 1_000_000] },
    formats: {
      scrape: { rounds: 3, sets: 10_000, scrapes: 6 },
      observe: { rounds: 7, seconds: 0.3 },
      size: { rounds: 1, series: 5000 },
      error: { rounds: 1, observations: 200_000 },
    },
    opentelemetry: { rounds: 5, seconds: 0.3, series: 20_000 },
  },
  quick: {
    operations: { rounds: 2, seconds: 0.1 },
    application: { rounds: 1, seconds: 0.05, mixes: 10 },
    series: { rounds: 3, series: 20_000 },
    load: { rounds: 1, sets: 2000, seconds: 3 },
    cluster: [{ sets: 1000, rounds: 1, scrapes: 4, atOnce: 10 }],
    processes: {
      rounds: 1,
      scrapes: 4,
      counters: { processes: [4], series: 1000 },
      histograms: { processes: [2, 4], series: 200 },
      dead: { processes: 2, series: 100, owners: [0, 50, 150] },
    },
    http: { rounds: 1, seconds: 1 },
    memory: { rounds: 1, series: 20_000 },
    start: { rounds: 5 },
    stops: { rounds: 1, series: [20_000] },
    formats: {
      scrape: { rounds: 1, sets: 500, scrapes: 3 },
      observe: { rounds: 1, seconds: 0.05 },
      size: { rounds: 1, series: 200 },
      error: { rounds: 1, observations: 20_000 },
    },
    opentelemetry: { rounds: 1, seconds: 0.1, series: 2000 },
  },
};

/** All measurements, or those of the names and families alone; throws a RangeError for an unknown one. */
export function plan(effort, names) {
  const all = Object.entries(sections).flatMap(([section, { measurements }]) =>
    measurements(effort[section]).map((measurement) => ({ section, ...measurement })),
  );
  const isCalled = (name) => (measurement) =>
    measurement.name === name || measurement.name.startsWith(`${name}-`);
  for (const name of names) {
    if (all.some(isCalled(name))) continue;
    const known = all.map((measurement) => measurement.name).join(', ');
    throw new RangeError(`--only: expected one of ${known}, or a name that they begin with, but got ${name}`);
  }
  return all.filter((measurement) => names.length === 0 || names.some((name) => isCalled(name)(measurement)));
}

export function resultOf(measurement) {
  const { section, name } = measurement;
  return { section, name, ...sections[section].resultOf(measurement) };
}
