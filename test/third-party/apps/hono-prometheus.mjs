// The registry is the package's own, one without a name.
import { getRequestListener } from '@hono/node-server';
import { prometheus } from '@hono/prometheus';
import { Hono } from 'hono';

export const application = () => {
  const { printMetrics, registerMetrics } = prometheus({ collectDefaultMetrics: true });
  const app = new Hono();
  app.use('*', registerMetrics);
  app.get('/metrics', printMetrics);
  app.get('/users/:id', (context) => context.text(context.req.param('id')));
  app.get('/fails', (context) => context.text('no', 500));
  return getRequestListener(app.fetch);
};
