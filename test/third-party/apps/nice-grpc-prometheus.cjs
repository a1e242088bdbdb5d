// Each worker calls a server of its own, without a compiler for protocol buffers: its messages are JSON. The registry is
// the package's own, one without a name.
const { setImmediate } = require('node:timers/promises');
const express = require('express');
const { createChannel, createClientFactory, createServer, ServerError, Status } = require('nice-grpc');
const { prometheusClientMiddleware, prometheusServerMiddleware, registry } = require('nice-grpc-prometheus');

const serialize = (message) => Buffer.from(JSON.stringify(message));
const deserialize = (bytes) => JSON.parse(bytes.toString());
const method = (name, responseStream) => ({
  path: `/demo.Greeter/${name}`,
  requestStream: false,
  responseStream,
  requestSerialize: serialize,
  requestDeserialize: deserialize,
  responseSerialize: serialize,
  responseDeserialize: deserialize,
});
const service = { greet: method('Greet', false), count: method('Count', true) };

const implementation = {
  greet({ name }) {
    if (name === '') throw new ServerError(Status.INVALID_ARGUMENT, 'as it should');
    return { text: `hello ${name}` };
  },
  async *count({ to }) {
    for (let n = 1; n <= to; n++) {
      await setImmediate();
      yield { n };
    }
  },
};

exports.application = async () => {
  const server = createServer().use(prometheusServerMiddleware());
  server.add(service, implementation);
  const port = await server.listen('127.0.0.1:0');
  const client = createClientFactory()
    .use(prometheusClientMiddleware())
    .create(service, createChannel(`127.0.0.1:${port}`));

  return express()
    .get('/greet', async (_request, response) => response.json(await client.greet({ name: 'world' })))
    .get('/fails', async (_request, response) => {
      await client.greet({ name: '' }).catch(() => undefined);
      response.end();
    })
    .get('/count', async (_request, response) => {
      for await (const _ of client.count({ to: 3 }));
      response.end();
    })
    .get('/metrics', async (_request, response) => response.type('text').send(await registry.metrics()));
};
