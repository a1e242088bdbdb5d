const express = require('express');
const middleware = require('express-prometheus-middleware');

const options = { prefix: 'demo_', requestLengthBuckets: [1, 100], responseLengthBuckets: [1, 100] };

exports.application = () =>
  express()
    .use(middleware(options))
    .get('/items/:id', (request, response) => response.send(request.params.id))
    .post('/items', (_request, response) => response.status(201).send('made'));
