// A worker of the cluster: counts, watches its event loop, and answers scrapes if workers of the rival can.
import { LoopWatch } from '../loop-watch.mjs';
import { load, rivalOf } from '../rivals.mjs';
import { Scrape } from './scrape.mjs';

const { rival: name, sets } = JSON.parse(process.argv[2]);
const client = await load(name);
const metrics = rivalOf(name).scraper(client);

const labelNames = ['method', 'route'];
const labelSets = Array.from({ length: sets }, (_, index) => ({
  method: ['GET', 'POST'][index % 2],
  route: `/r${index >> 1}`,
}));
const requests = new client.Counter({ name: 'requests_total', help: 'Requests.', labelNames });
const latency = new client.Histogram({ name: 'latency_seconds', help: 'How long they take.', labelNames });

const loop = new LoopWatch();
const scrape = new Scrape();

const tasks = {
  // Every number differs at the next scrape. All are eighths: their sums are the same in any order.
  count() {
    for (let index = 0; index < sets; index++) {
      requests.inc(labelSets[index]);
      latency.observe(labelSets[index], (index % 17) / 8);
    }
  },
  watch: () => loop.start(),
  report: () => ({ stop: loop.stop() }),
  scrape: async ({ atOnce }) => ({ milliseconds: await scrape.run(metrics, atOnce) }),
  facts: () => scrape.facts(),
};

process.on('message', async ({ task, ...request }) => {
  if (task !== undefined) process.send({ answered: task, ...(await tasks[task](request)) });
});
tasks.count();
process.send({ answered: 'start' });
