const express = require('express');
const bundle = require('express-prom-bundle');

const options = {
  metricType: 'summary',
  includePath: true,
  normalizePath: [['^/user/.*', '/user/#id']],
  promClient: { collectDefaultMetrics: { prefix: 'app_' } },
};

exports.application = () =>
  express()
    .use(bundle(options))
    .get('/user/:id', (request, response) => response.send(request.params.id));
