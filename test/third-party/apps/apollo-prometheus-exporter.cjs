const { ApolloServer, HeaderMap } = require('@apollo/server');
const { createPrometheusExporterPlugin } = require('@bmatei/apollo-prometheus-exporter');
const express = require('express');

exports.application = async () => {
  const app = express().use(express.json());
  const server = new ApolloServer({
    typeDefs: 'type Query { hello: String! fails: String }',
    resolvers: {
      Query: {
        hello: () => 'hello',
        fails: () => {
          throw new Error('as it should');
        },
      },
    },
    plugins: [createPrometheusExporterPlugin({ app, hostnameLabel: false, defaultLabels: { app: 'demo' } })],
    stopOnTerminationSignals: false,
  });
  await server.start();

  return app.post('/graphql', async (request, response) => {
    const { status, body } = await server.executeHTTPGraphQLRequest({
      httpGraphQLRequest: {
        method: request.method,
        headers: new HeaderMap([['content-type', 'application/json']]),
        search: '',
        body: request.body,
      },
      context: async () => ({}),
    });
    response.status(status ?? 200).send(body.string);
  });
};
