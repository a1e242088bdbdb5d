// Each worker has a server of its own, and a client that talks to it: once for each GET /greet, and one that stays.
const { once } = require('node:events');
const { createServer } = require('node:http');
const express = require('express');
const { register } = require('prom-client');
const { Server } = require('socket.io');
const { io: connect } = require('socket.io-client');
const observe = require('socket.io-prometheus');

exports.application = async () => {
  const http = createServer();
  const server = new Server(http);
  observe(server);
  server.on('connection', (socket) => socket.on('greet', (name) => socket.emit('greeting', `hello ${name}`)));
  await once(http.listen(0, '127.0.0.1'), 'listening');

  const greet = async () => {
    const url = `http://127.0.0.1:${http.address().port}`;
    const client = connect(url, { transports: ['websocket'], forceNew: true });
    client.emit('greet', 'world');
    await new Promise((resolve) => client.once('greeting', resolve));
    return client;
  };
  await greet();

  return express()
    .get('/greet', async (_request, response) => {
      (await greet()).disconnect();
      response.end();
    })
    .get('/metrics', async (_request, response) => response.type('text').send(await register.metrics()));
};
