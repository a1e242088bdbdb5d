// Shapes of routes for h3: applications in applications, middleware, wildcards, errors.
import { createRequire } from 'node:module';
import { H3, HTTPError, redirect, withBase } from 'h3';
import { toNodeHandler } from 'h3/node';
import { tracingPlugin } from 'h3/tracing';

const { serve } = createRequire(import.meta.url)('./serve.cjs');

const app = new H3({ plugins: [tracingPlugin()], silent: true });
const answer = () => 'ok';
app.use((event) =>
  event.url.searchParams.has('denied') ? new Response('denied', { status: 403 }) : undefined,
);
app.all('/all/:id', answer);
app.post('/posts/:id', answer);
app.on('PATCH', '/on/:id', answer);
app.get('/wild/**', answer);
app.get('/named/**:rest', answer);
app.get('/moved/:id', () => redirect('/all/1'));
app.get('/refused/:id', () => {
  throw new HTTPError({ status: 418 });
});
app.get('/rejects/:id', async () => {
  await Promise.resolve();
  throw new Error('failed on purpose');
});
const items = new H3().get('/:item', answer).get('/:item/parts/:part', answer);
const shops = new H3().mount('/items', items).get('/', answer);
app.mount('/shops', shops);
app.all('/based/**', withBase('/based', new H3().get('/deep/:id', answer).handler));

serve(toNodeHandler(app));
