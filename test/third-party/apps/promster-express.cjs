const { createMiddleware, getContentType, getSummary, signalIsUp } = require('@promster/express');
const express = require('express');

exports.application = () => {
  const app = express();
  // Summaries besides the histograms, and a counter.
  const metricTypes = ['httpRequestsTotal', 'httpRequestsSummary', 'httpRequestsHistogram'];
  app.use(createMiddleware({ app, options: { metricTypes, skip: ({ path }) => path === '/metrics' } }));
  signalIsUp();
  return app
    .get('/users/:id', (request, response) => response.send(request.params.id))
    .get('/fails', (_request, response) => response.status(503).send('no'))
    .get('/metrics', async (_request, response) => response.type(getContentType()).send(await getSummary()));
};
