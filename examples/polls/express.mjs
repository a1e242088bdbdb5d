// The same service with the Express of the current directory. Nothing tells the routes to instrumentHttp(): it finds them.
import { createRequire } from 'node:module';
import { countAnswer, metrics, pages } from './app.mjs';

const express = createRequire(`${process.cwd()}/`)('express');

const app = express();
app.get('/metrics', metrics);
for (const [path, page] of Object.entries(pages)) {
  app.get(path, async (_request, response) => {
    const [status, text] = await page();
    countAnswer();
    response.status(status).send(text);
  });
}
app.use((_error, _request, response, _next) => {
  countAnswer();
  response.status(500).send('internal error\n');
});

export const listen = (port, host) => app.listen(port, host);
