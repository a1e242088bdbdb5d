import { createRequire } from 'node:module';
import { serve as serveHono } from '@hono/node-server';
import { Hono } from 'hono';
import { stream } from 'hono/streaming';

const require = createRequire(import.meta.url);
const { serve } = require('./serve.cjs');
const { honoRoutes } = require('prom-client-mmap/http');

const app = new Hono();
app.use(honoRoutes());
app.use('/guard/*', async (c, next) => (c.req.query('denied') ? c.text('denied', 403) : next()));
app.get('/', (c) => c.text('ok'));
app.get('/users/:id', (c) => c.text('ok'));
app.all('/all/:id', (c) => c.text('ok'));
app.get('/guard/:id', (c) => c.text('ok'));
app.get('/throws/:id', () => {
  throw new Error('failed on purpose');
});
app.onError((_error, c) => c.text('failed', 500));
app.get('/stream/:id', (c) => stream(c, async (body) => void (await body.write('text'))));
app.route(
  '/api/:tenant',
  new Hono().get('/items/:item', (c) => c.text('ok')),
);

const server = serveHono({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => serve(server));
