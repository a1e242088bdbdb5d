// The load generator, a process of its own: autocannon requests the three pages with the weights 2:1:1.
// `node examples/polls/load.mjs <url> [seconds]`; without seconds the load is gentle and endless.
import autocannon from 'autocannon';

const [url, seconds] = process.argv.slice(2);
const pages = [
  '/polls/2xx_success/',
  '/polls/4xx_not_found/',
  '/polls/2xx_success/',
  '/polls/5xx_exception/',
];

// Ten groups of ten users. A visit is ten new connections that ask for every page in turn, twice, within some 4 s;
// as visits come and go, a worker that is new gets its share of them.
const groups = 10;
const users = 10;
const requestsPerVisit = users * pages.length * 2;

process.on('SIGINT', () => {}); // Ctrl-C reaches the whole terminal: the parent process ends this one.
process.on('disconnect', () => process.exit());

const total = { amount: 0, sent: 0, answered: 0, errors: 0, timeouts: 0 };
const latencies = {};

if (seconds === undefined) {
  await run({ connections: 4, overallRate: 10, duration: 1e6 });
} else {
  const visits = Math.max(1, Math.round(Number(seconds) / 4));
  total.amount = groups * visits * requestsPerVisit;
  setInterval(() => process.send?.({ amount: total.amount, answered: total.answered }), 100).unref();
  await Promise.all(
    Array.from({ length: groups }, async () => {
      // A fixed amount, not a duration: a visit ends when every request has its response or was lost with its worker.
      for (let visit = 0; visit < visits; visit++)
        await run({ connections: users, amount: requestsPerVisit });
    }),
  );
  const byStatus = Object.fromEntries(
    Object.entries(latencies).map(([status, times]) => [status, summarize(times)]),
  );
  if (process.send) process.send({ summary: { ...total, byStatus } }, () => process.disconnect());
  else console.log(total, byStatus);
}

async function run(limits) {
  const instance = autocannon({
    url,
    ...limits,
    requests: pages.map((path) => ({ method: 'GET', path })),
    sampleInt: 100,
    // A connection that node:cluster was handing to a worker as it died stays open and silent: give up on it.
    timeout: 5,
    setupClient(client) {
      // A request whose connection was lost stays in autocannon's queue, and would be taken for the next answer's.
      client.on('request', () => client.pipelinedRequests.clear());
    },
  });
  instance.on('response', (_client, status, _bytes, milliseconds) => {
    if (seconds === undefined) return;
    total.answered += 1;
    latencies[status] ??= [];
    latencies[status].push(milliseconds / 1000);
  });
  const { requests, errors, timeouts } = await instance;
  total.sent += requests.sent;
  total.errors += errors;
  total.timeouts += timeouts;
}

/** The number of answers and their exact quantiles, in seconds. */
function summarize(times) {
  times.sort((a, b) => a - b);
  return {
    answered: times.length,
    quantiles: [0.5, 0.9, 0.99].map((q) => times[Math.ceil(q * times.length) - 1]),
  };
}
