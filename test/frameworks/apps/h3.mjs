import { createRequire } from 'node:module';
import { H3, toNodeHandler } from 'h3/node';
import { tracingPlugin } from 'h3/tracing';

const { serve } = createRequire(import.meta.url)('./serve.cjs');

const app = new H3({ plugins: [tracingPlugin()], silent: true });
app.get('/', () => 'ok');
app.get('/users/:id', () => 'ok');
app.get('/throws/:id', () => {
  throw new Error('failed on purpose');
});
app.mount(
  '/api',
  new H3().get('/items/:item', () => 'ok'),
);

serve(toNodeHandler(app));
