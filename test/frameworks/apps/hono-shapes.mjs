// Shapes of routes for Hono: base paths, applications in applications, middleware for all paths, mounts of other handlers.
import { createRequire } from 'node:module';
import { serve as serveHono } from '@hono/node-server';
import { Hono } from 'hono';

const require = createRequire(import.meta.url);
const { serve } = require('./serve.cjs');
const { honoRoutes } = require('prom-client-mmap/http');

const app = new Hono();
const answer = (c) => c.text('ok');
app.use(honoRoutes());
app.use('*', async (_c, next) => next());
app.get('/files/:name{.+\\.txt}', answer);
app.get('/optional/:id?', answer);
app.get('/wild/*', answer);
app.on(['PUT', 'PATCH'], ['/on/:id', '/also/:id'], answer);
app.all('/all/:id', answer);
app.get('/chain/:id', async (_c, next) => next(), answer);
app.get('/redirect/:id', (c) => c.redirect('/all/1'));
app.get('/missing/:id', (c) => c.notFound());
app.use('/guard/*', async (c, next) => (c.req.query('denied') ? c.text('denied', 403) : next()));
app.get('/guard/:id', answer);
app.get('/rejects/:id', async () => {
  await Promise.resolve();
  throw new Error('failed on purpose');
});
app.onError((_error, c) => c.text('failed', 500));

const items = new Hono().get('/', answer).get('/:item', answer);
const shops = new Hono().basePath('/shops/:shop');
shops.use(async (_c, next) => next());
shops.route('/items', items);
app.route('/v1', shops);
app.mount('/mounted', () => new Response('ok'));

const server = serveHono({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => serve(server));
