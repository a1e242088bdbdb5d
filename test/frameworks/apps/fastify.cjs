// The argument: the package of a version.
const { serve } = require('./serve.cjs');
const fastify = require(process.argv[2]);

const app = fastify();
const ok = (_request, reply) => reply.send('ok');

app.get('/', ok);
app.get('/users/:id', ok);
app.post('/users/:id', { schema: { body: { type: 'object', required: ['name'] } } }, ok);
app.get('/throws/:id', () => {
  throw new Error('failed on purpose');
});
app.get('/hijacked/:id', (_request, reply) => {
  reply.hijack();
  reply.raw.end('ok');
});
app.get('/wild/*', ok);
app.register(
  (scope, _options, done) => {
    scope.addHook('onRequest', (request, reply, done) => {
      if (request.query.denied) reply.code(403).send('denied');
      else done();
    });
    scope.get('/items/:item', ok);
    scope.setNotFoundHandler((_request, reply) => reply.code(404).send('none'));
    done();
  },
  { prefix: '/api/:tenant/v1' },
);

app.listen({ port: 0, host: '127.0.0.1' }).then(() => serve(app.server));
