// A process of a group. Each line of its standard input is a task, which it answers with a line of JSON:
//   count   updates each of its series; the first time it makes them
//   scrape  {"milliseconds", "bytes", "samples", "total"}: the time of a scrape, and the sum of all counts in its text
// member.rb and member.py are the same in other languages.
import { createInterface } from 'node:readline';
import { labelNames, labelSet } from '../label-sets.mjs';
import { load, own } from '../rivals.mjs';

const [metric, series] = process.argv.slice(2);

const client = await load(own);

const makers = {
  counter() {
    const counter = new client.Counter({ name: 'requests_total', help: 'Requests.', labelNames });
    return (labels) => counter.inc(labels);
  },
  histogram() {
    const histogram = new client.Histogram({ name: 'latency_seconds', help: 'How long.', labelNames });
    return (labels) => histogram.observe(labels, 0.2);
  },
};
let update;

const tasks = {
  count() {
    update ??= makers[metric]();
    for (let index = 0; index < series; index++) update(labelSet(index));
    return {};
  },
  async scrape() {
    const start = performance.now();
    const text = await client.register.metrics();
    const milliseconds = performance.now() - start;
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const counts = samples.filter((line) => /^(requests_total|latency_seconds_count)\{/.test(line));
    const total = counts.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    return { milliseconds, bytes: Buffer.byteLength(text), samples: samples.length, total };
  },
};

for await (const task of createInterface(process.stdin)) console.log(JSON.stringify(await tasks[task]()));
process.exit();
