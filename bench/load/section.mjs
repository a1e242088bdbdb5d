// A cluster under HTTP load that is scraped once per second: do the users of a service notice its metrics?
import { count, milliseconds, percent, spreadOut, table } from '../figures.mjs';
import { figureOf, incumbent, own, withoutMetrics } from '../rivals.mjs';
import { median, spread } from '../statistics.mjs';

const workers = 3;
const connections = 12;

export function measurements({ rounds, sets, seconds }) {
  return [
    {
      name: 'load',
      sets,
      rounds,
      module: 'load/trial.mjs',
      contestants: [withoutMetrics, incumbent, own].map((rival) => ({
        rival,
        trial: { rival, sets, seconds, workers, connections },
        trials: [],
      })),
    },
  ];
}

export function resultOf({ sets, contestants }) {
  const figures = contestants.map(({ rival, trials }) => {
    const figure = (name) => trials.map((trial) => trial[name]);
    const scrapes = figure('scrapes').flat();
    return {
      rival,
      rate: median(figure('rate')),
      spread: spread(figure('rate')),
      p99: median(figure('p99')),
      stop: median(figure('stop')),
      scrapes: scrapes.length,
      failed: scrapes.filter(({ hasFailed }) => hasFailed).length,
      ...(scrapes.length === 0 ? {} : { scrape: median(scrapes.map((scrape) => scrape.milliseconds)) }),
      trials,
    };
  });
  return { sets, figures };
}

export function tables([{ sets, figures }]) {
  return table(
    [
      `${workers} workers x ${count(sets)} label sets`,
      'requests per second',
      `of ${withoutMetrics}`,
      'p99 of a request',
      'longest stop of a worker',
      'a scrape',
      'scrapes failed',
    ],
    figures.map(({ rival, rate, spread: apart, p99, stop, scrape, scrapes, failed }) => [
      rival,
      spreadOut(count(Math.round(rate)), apart),
      percent(rate / figureOf(figures, withoutMetrics).rate),
      milliseconds(p99),
      milliseconds(stop),
      ...(scrape === undefined ? ['', ''] : [milliseconds(scrape), `${failed} of ${scrapes}`]),
    ]),
  );
}

export function charts() {
  return [];
}

export function chapter(results, { rounds, seconds }, { cores }) {
  return `## Under load

${tables(results)}
${workers} cluster workers answer HTTP requests on the loopback interface and count each of them with one of the label sets and
in a histogram per method, while the group is scraped once per second. \`${incumbent}\` answers scrapes by its
\`AggregatorRegistry\` in the primary, \`${own}\` in the worker that gets the connection. *${withoutMetrics}* is the same server
without metrics and scrapes.

- *requests per second*: the answers that autocannon gets on ${connections} connections that are never idle.
- *p99*: meanwhile a probe sends a request each 10 ms on a new connection, whether or not the last one was answered, and
  times it from the moment at which it is due. A load generator that waits for an answer does not see the stops. Node's
  cluster accepts new connections in the primary, so a primary that aggregates makes them wait.
- *longest stop*: a timer that should fire every millisecond notes the longest time between two of its turns.
- A scrape fails when it is not answered within 10 s, Prometheus' default. The next one starts at the next full second.
- Afterwards a scrape must show every request that the workers have answered.
- Medians of ${rounds} trials of ${seconds} s; of scrapes the median of all. ${cores} cores for the load and ${workers + 1} processes: all of them compete.
`;
}
