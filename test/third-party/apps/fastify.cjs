const fastify = require('fastify');

exports.serve = async ({ default: metrics }) => {
  const app = fastify();
  await app.register(metrics);
  app.get('/users/:id', (request) => request.params.id);
  app.get('/fails', (_request, reply) => reply.code(503).send('no'));
  await app.ready();
  return app.routing;
};
