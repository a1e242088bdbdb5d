const express = require('express');
const stats = require('swagger-stats');

exports.application = () =>
  express()
    .use(stats.getMiddleware({ name: 'demo' }))
    .get('/hello', (_request, response) => response.send('hello'))
    .get('/fails', (_request, response) => response.status(503).send('no'));
