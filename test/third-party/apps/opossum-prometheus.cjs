const express = require('express');
const CircuitBreaker = require('opossum');
const PrometheusMetrics = require('opossum-prometheus');

exports.application = () => {
  const work = (fails) => (fails ? Promise.reject(new Error('as it should')) : Promise.resolve());
  // It never opens.
  const circuit = new CircuitBreaker(work, { name: 'shop', volumeThreshold: 1e6 });
  const prometheus = new PrometheusMetrics({ circuits: [circuit] });
  const fire = (fails) => async (_request, response) => {
    await circuit.fire(fails).catch(() => undefined);
    response.end();
  };

  return express()
    .get('/works', fire(false))
    .get('/fails', fire(true))
    .get('/metrics', async (_request, response) => response.type('text').send(await prometheus.metrics));
};
