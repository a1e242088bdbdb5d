// The same service with the Fastify of the current directory, which is made after instrumentHttp() is called.
import { createRequire } from 'node:module';
import { countAnswer, metrics, pages } from './app.mjs';

const fastify = createRequire(`${process.cwd()}/`)('fastify');

const app = fastify();
app.get('/metrics', (request, reply) => {
  reply.hijack();
  return metrics(request.raw, reply.raw);
});
for (const [path, page] of Object.entries(pages)) {
  app.get(path, async (_request, reply) => {
    const [status, text] = await page();
    countAnswer();
    return reply.code(status).send(text);
  });
}
app.setErrorHandler((_error, _request, reply) => {
  countAnswer();
  return reply.code(500).send('internal error\n');
});

export const listen = (port, host) => app.listen({ port, host });
