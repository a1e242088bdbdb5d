// The metrics of the whole cluster, in the primary as its documentation has it and in the workers, where it is of no use
// with prom-client.
const express = require('express');
const bundle = require('express-prom-bundle');

exports.application = () =>
  express()
    .get('/cluster', bundle.clusterMetrics())
    .use(bundle({ includeMethod: true, includePath: true, customLabels: { project: 'demo' } }))
    .get('/hello', (_request, response) => response.send('hello'));

exports.primary = express().get('/metrics', bundle.clusterMetrics());
