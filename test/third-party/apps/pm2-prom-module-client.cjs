// The primary takes the place of PM2's module: it asks each worker for its metrics, by messages, and adds them up. A worker
// that is asked directly answers for all as well.
const cluster = require('node:cluster');
const express = require('express');
const { AggregatorRegistry, Counter, Gauge, Histogram, register } = require('prom-client');
const { initMetrics } = require('pm2-prom-module-client');

exports.application = () => {
  initMetrics(register);
  const jobs = new Counter({ name: 'jobs_total', help: 'Jobs', labelNames: ['queue'] });
  const seconds = new Histogram({ name: 'job_seconds', help: 'Their durations', buckets: [1, 10] });
  new Gauge({ name: 'job_workers', help: 'Processes that work' }).set(1);

  return express()
    .get('/work', (_request, response) => {
      jobs.inc({ queue: 'mail' });
      seconds.observe(0.5);
      response.end();
    })
    .get('/metrics', async (_request, response) => response.type('text').send(await register.metrics()));
};

const collect = (worker) =>
  new Promise((resolve) => {
    worker.on('message', function answer({ topic, data }) {
      if (topic !== 'pm2-prom-module:metrics') return;
      worker.off('message', answer);
      resolve(data.metrics);
    });
    worker.send({ topic: 'pm2-prom-module:collect', data: {} });
  });

exports.primary = express().get('/metrics', async (_request, response) => {
  const lists = await Promise.all(Object.values(cluster.workers).map(collect));
  response.type('text').send(await AggregatorRegistry.aggregate(lists).metrics());
});
