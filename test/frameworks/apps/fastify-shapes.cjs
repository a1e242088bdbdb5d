// Shapes of routes for Fastify: constraints, encapsulation, handlers of what is not found, errors, hooks.
const { serve } = require('./serve.cjs');
const fastify = require('fastify');

const app = fastify({
  routerOptions: { caseSensitive: false, ignoreTrailingSlash: true },
  exposeHeadRoutes: true,
});
const ok = (_request, reply) => reply.send('ok');

app.route({ method: ['GET', 'POST'], url: '/both/:id', handler: ok });
app.all('/all/:id', ok);
app.get('/Case/:Id', ok);
app.get('/optional/:id?', ok);
app.get('/number/:id(^\\d+$)', ok);
app.get('/range/:from-:to', ok);
app.get('/files/:name.:ext', ok);
app.get('/versions', { constraints: { version: '1.2.0' } }, ok);
app.get('/versions', { constraints: { version: '2.0.0' } }, ok);
app.get('/hosted', { constraints: { host: 'a.example' } }, ok);
app.get('/async', () => Promise.resolve('ok'));
app.get('/async-fails/:id', () => Promise.reject(new Error('failed on purpose')));
app.get('/redirect/:id', (_request, reply) => reply.redirect('/async'));
app.get('/stream/:id', (_request, reply) => reply.send(require('node:fs').createReadStream(__filename)));
app.get('/late/:id', { preHandler: (_request, _reply, done) => done(new Error('failed on purpose')) }, ok);
app.get('/calls/:id', (_request, reply) => reply.callNotFound());

app.register(
  (scope, _options, done) => {
    scope.setErrorHandler((_error, _request, reply) => reply.code(422).send('failed'));
    scope.setNotFoundHandler((_request, reply) => reply.code(404).send('none here'));
    scope.get('/', ok);
    scope.get('/fails/:id', () => {
      throw new Error('failed on purpose');
    });
    scope.register(
      (inner, _options, done) => {
        inner.get('/', ok);
        inner.get('/:item', ok);
        done();
      },
      { prefix: '/items' },
    );
    done();
  },
  { prefix: '/shops/:shop' },
);

app.listen({ port: 0, host: '127.0.0.1' }).then(() => serve(app.server));
