// The cost of counting HTTP requests, and a scrape of the metrics server.
import { milliseconds, number, percent, spreadOut, table } from '../figures.mjs';
import { own } from '../rivals.mjs';
import { median, spread } from '../statistics.mjs';
import { requirePackage } from './packages.mjs';

const nothing = 'not counted';
const wrappers = {
  'node:http': ['@opentelemetry/instrumentation-http'],
  express: ['express-prom-bundle', '@opentelemetry/instrumentation-http'],
  fastify: ['fastify-metrics', '@opentelemetry/instrumentation-http'],
};

export function measurements({ rounds, seconds }) {
  const frameworks = requirePackage ? Object.keys(wrappers) : ['node:http'];
  const rivalsOf = (framework) => [nothing, own, ...(requirePackage ? wrappers[framework] : [])];
  const contestant = (rival, trial) => ({ rival, trial, trials: [] });
  return [
    {
      name: 'http-request',
      rounds,
      module: 'http/request-trial.mjs',
      contestants: [contestant(nothing, { counted: false }), contestant(own, { counted: true })],
    },
    ...frameworks.map((framework) => ({
      name: `http-load-${framework}`,
      rounds,
      module: 'http/load-trial.mjs',
      contestants: rivalsOf(framework).map((rival) =>
        contestant(rival, { framework, counted: rival, seconds }),
      ),
    })),
    { name: 'http-scrape', rounds, module: 'http/scrape-trial.mjs', contestants: [contestant(own, {})] },
  ];
}

export function resultOf({ contestants }) {
  const figures = contestants.map(({ rival, trials }) => ({ rival, trials }));
  return { figures };
}

export function tables(results) {
  return results.map(tableOf).join('\n');
}

function tableOf({ name, figures }) {
  if (name === 'http-request') return requestTable(figures);
  if (name === 'http-scrape') return scrapeTable(figures);
  const of = (trials, key) => trials.map((trial) => trial[key]);
  const [base] = figures;
  return table(
    [
      `${name.replace('http-load-', '')}`,
      'requests per second',
      'of those without counts',
      'CPU time of one',
    ],
    figures.map(({ rival, trials }) => [
      rival,
      spreadOut(number(median(of(trials, 'rate'))), spread(of(trials, 'rate'))),
      percent(median(of(trials, 'rate')) / median(of(base.trials, 'rate'))),
      `${number(median(of(trials, 'cpu')))} us`,
    ]),
  );
}

function requestTable(figures) {
  const [base, counted] = figures.map(({ trials }) => median(trials.map(({ nanoseconds }) => nanoseconds)));
  return table(
    ['one request', 'ns'],
    [['counter, histogram and gauge of requests in progress', number(counted - base)]],
  );
}

function scrapeTable([{ trials }]) {
  const of = (key) => median(trials.map((trial) => trial[key]));
  return table(
    ['a scrape of 4 processes', 'median', 'slowest of 20'],
    [
      ['all are idle', milliseconds(of('idle')), ''],
      ['all event loops are blocked', milliseconds(of('busy')), milliseconds(of('slowest'))],
    ],
  );
}

export function charts() {
  return [];
}

export function chapter(results, { rounds, seconds }) {
  return `## HTTP

${tables(results)}
- *One request* is the time that \`instrumentHttp()\` adds to the two messages that Node publishes for it, two readings of the clock
  included; the least of seven rounds, the median of ${rounds} processes.
- Loads are of 20 connections for ${seconds} s, median of ${rounds}; the generator runs on the same machine. All requests that were answered must have been
  counted. Packages are left out if the tests of frameworks have not installed them.
- Processes have the default metrics. A blocked one is waited for 20 ms, because its \`collect\` functions may come.
`;
}
