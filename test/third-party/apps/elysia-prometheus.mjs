// The registry is the plugin's own, one without a name.
import { getRequestListener } from '@hono/node-server';
import { Elysia } from 'elysia';
import prometheus from 'elysia-prometheus';

export const application = () => {
  const app = new Elysia()
    .use(prometheus({ staticLabels: { service: 'demo' } }))
    .get('/users/:id', ({ params }) => params.id)
    .get('/fails', ({ set }) => {
      set.status = 503;
      return 'no';
    });
  return getRequestListener((request) => app.handle(request));
};
