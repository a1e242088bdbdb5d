// It takes name and version from the package.json above this file.
const express = require('express');
const apiMetrics = require('prometheus-api-metrics');

exports.application = () =>
  express()
    .use(apiMetrics())
    .get('/items/:id', (request, response) => response.send(request.params.id))
    .post('/items', (_request, response) => response.status(201).send('made'));
