// Four workers count, and the one that gets the scrape answers for all of them: `node examples/cluster.mjs`.
import cluster from 'node:cluster';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Counter, register } from 'prom-client-mmap';

if (cluster.isPrimary) {
  const workers = Array.from({ length: 4 }, () => cluster.fork());
  const listening = await Promise.all(workers.map((worker) => once(worker, 'listening')));
  const url = `http://127.0.0.1:${listening[0][0].port}`;

  await Promise.all(Array.from({ length: 100 }, () => fetch(url).then((response) => response.text())));
  const scrape = await fetch(`${url}/metrics`);
  console.log(await scrape.text()); // hits_total 100

  cluster.disconnect();
} else {
  const hits = new Counter({ name: 'hits_total', help: 'Requests answered.' });

  createServer(async (request, response) => {
    if (request.url === '/metrics') {
      response.setHeader('content-type', register.contentType);
      response.end(await register.metrics());
    } else {
      hits.inc();
      response.end(`Hello from ${process.pid}\n`);
    }
  }).listen(0, '127.0.0.1');
}
