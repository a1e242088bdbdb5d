// Clients of HTTP/1 that behave and misbehave.
import { once } from 'node:events';
import { handle, started } from './handlers.mjs';

/** The text of a request of HTTP/1. */
const get = (path, name, ...more) =>
  [`GET ${path} HTTP/1.1`, 'Host: a', `X-Case: ${name}`, ...more, '', ''].join('\r\n');

/** A TLS socket has no reset of its own: that of the socket below. */
const reset = (socket) => (socket.encrypted ? socket.destroy() : socket.resetAndDestroy());

const closed = (socket) => (socket.destroyed ? undefined : once(socket, 'close'));

/** Resolves when the socket has got so much that `pattern` is in it, or has closed. */
function untilGot(socket, pattern) {
  return new Promise((resolve) => {
    let text = '';
    const read = (chunk) => {
      text += chunk;
      if (!pattern.test(text)) return;
      socket.off('data', read);
      resolve(text);
    };
    socket.on('data', read).once('close', () => resolve(text));
  });
}

/** Cases of HTTP/1: what the client does with a new connection. */
export const clients = {
  async ok(connect, name) {
    const socket = await connect();
    socket.write(get('/ok', name));
    await untilGot(socket, /hello/);
    socket.end();
    await closed(socket);
  },
  async 'keep-alive'(connect, name) {
    const socket = await connect();
    for (const path of ['/ok', '/empty', '/missing', '/failed']) {
      socket.write(get(path, name));
      await untilGot(socket, /hello|204|missing|failed/);
    }
    socket.destroy();
  },
  async 'connection: close'(connect, name) {
    const socket = await connect();
    socket.write(get('/ok', name, 'Connection: close'));
    socket.resume();
    await closed(socket);
  },
  async 'HTTP/1.0'(connect, name) {
    const socket = await connect();
    socket.write(`GET /ok HTTP/1.0\r\nX-Case: ${name}\r\n\r\n`);
    socket.resume();
    await closed(socket);
  },
  async HEAD(connect, name) {
    const socket = await connect();
    socket.write(get('/ok', name).replace('GET', 'HEAD'));
    await untilGot(socket, /\r\n\r\n/);
    socket.destroy();
  },
  async 'an unusual method'(connect, name) {
    const socket = await connect();
    socket.write(get('/ok', name).replace('GET', 'PROPFIND'));
    await untilGot(socket, /hello/);
    socket.destroy();
  },
  async pipelined(connect, name) {
    const socket = await connect();
    socket.write(get('/slow', name) + get('/ok', name) + get('/missing', name));
    await untilGot(socket, /missing/);
    socket.destroy();
  },
  async 'pipelined, the client goes'(connect, name) {
    const socket = await connect();
    socket.write(get('/never', name) + get('/ok', name) + get('/missing', name));
    await started(name, 3);
    reset(socket);
  },
  async 'FIN before headers'(connect, name) {
    const socket = await connect();
    socket.write(get('/never', name));
    await started(name, 1);
    socket.end();
    socket.resume();
    await closed(socket);
  },
  async 'half-close'(connect, name) {
    const socket = await connect();
    socket.end(get('/slow', name));
    socket.resume();
    await closed(socket);
  },
  async 'half-close that the server allows'(connect, name, server) {
    server.httpAllowHalfOpen = true;
    const socket = await connect();
    socket.end(get('/slow', name));
    await untilGot(socket, /late/);
    await closed(socket);
    server.httpAllowHalfOpen = false;
  },
  async 'RST before headers'(connect, name) {
    const socket = await connect();
    socket.write(get('/never', name));
    await started(name, 1);
    reset(socket);
  },
  async 'the answer comes after the client has gone'(connect, name) {
    const socket = await connect();
    socket.write(get('/late', name));
    await started(name, 1);
    socket.destroy();
  },
  async 'the client goes in mid-stream'(connect, name) {
    const socket = await connect();
    socket.write(get('/stream', name));
    await untilGot(socket, /first/);
    socket.destroy();
  },
  async 'the client reads nothing and goes'(connect, name) {
    const socket = await connect();
    socket.pause();
    socket.write(get('/big', name));
    await started(name, 1);
    reset(socket);
  },
  async 'the handler throws and the client gives up'(connect, name) {
    const socket = await connect();
    socket.write(get('/throws', name));
    await started(name, 1);
    socket.destroy();
  },
  async 'the server destroys the response'(connect, name) {
    const socket = await connect();
    socket.write(get('/destroyed', name));
    socket.resume();
    await closed(socket);
  },
  async 'the server destroys the response with an error'(connect, name) {
    const socket = await connect();
    socket.write(get('/destroyed-with-error', name));
    socket.resume();
    await closed(socket);
  },
  async 'the server destroys the request'(connect, name) {
    const socket = await connect();
    socket.write(get('/destroyed-request', name));
    socket.resume();
    await closed(socket);
  },
  async 'the server closes all connections'(connect, name, server) {
    const socket = await connect();
    socket.write(get('/never', name));
    socket.resume();
    await started(name, 1);
    server.closeAllConnections();
    await closed(socket);
  },
  async 'the server destroys the socket in mid-stream'(connect, name) {
    const socket = await connect();
    socket.write(get('/cut', name));
    socket.resume();
    await closed(socket);
  },
  async 'the server gives up'(connect, name, server) {
    server.setTimeout(20);
    const socket = await connect();
    socket.write(get('/never', name));
    socket.resume();
    await closed(socket);
    server.setTimeout(0);
  },
  async 'the server gives up in mid-stream'(connect, name, server) {
    server.setTimeout(20);
    const socket = await connect();
    socket.write(get('/stream', name));
    socket.resume();
    await closed(socket);
    server.setTimeout(0);
  },
  async 'an upload that takes too long'(connect, name) {
    const socket = await connect();
    socket.write(get('/upload', name, 'Content-Length: 10').replace('GET', 'POST'));
    await untilGot(socket, /408/);
    await closed(socket);
  },
  async 'a malformed chunk'(connect, name) {
    const socket = await connect();
    socket.write(`${get('/upload', name, 'Transfer-Encoding: chunked').replace('GET', 'POST')}zz\r\n`);
    await untilGot(socket, /400/);
    socket.destroy();
  },
  async 'an upload'(connect, name) {
    const socket = await connect();
    socket.write(`${get('/upload', name, 'Content-Length: 5').replace('GET', 'POST')}12345`);
    await untilGot(socket, /stored/);
    socket.destroy();
  },
  async 'expect: 100-continue'(connect, name) {
    const socket = await connect();
    socket.write(get('/upload', name, 'Expect: 100-continue', 'Content-Length: 2').replace('GET', 'POST'));
    await untilGot(socket, /100 Continue/);
    socket.write('ab');
    await untilGot(socket, /stored/);
    socket.destroy();
  },
  async 'an upload that the client breaks off'(connect, name) {
    const socket = await connect();
    socket.write(`${get('/upload', name, 'Content-Length: 5').replace('GET', 'POST')}123`);
    await started(name, 1);
    socket.destroy();
  },
  async 'an upload that nobody reads'(connect, name) {
    const socket = await connect();
    socket.write(`${get('/ok', name, 'Content-Length: 5').replace('GET', 'POST')}123`);
    await untilGot(socket, /hello/);
    socket.destroy();
  },
  async 'expect: 100-continue, refused'(connect, name, server) {
    server.once('checkContinue', handle);
    const socket = await connect();
    const text = get('/missing', name, 'Expect: 100-continue', 'Content-Length: 2').replace('GET', 'POST');
    socket.write(text);
    await untilGot(socket, /missing/);
    socket.destroy();
  },
  async 'expect: 100-continue, accepted by the application'(connect, name, server) {
    server.once('checkContinue', (request, response) => {
      response.writeContinue();
      server.emit('request', request, response);
    });
    const socket = await connect();
    socket.write(get('/upload', name, 'Expect: 100-continue', 'Content-Length: 2').replace('GET', 'POST'));
    await untilGot(socket, /100 Continue/);
    socket.write('ab');
    await untilGot(socket, /stored/);
    socket.destroy();
  },
  async 'an unknown expectation'(connect, name) {
    const socket = await connect();
    socket.write(get('/ok', name, 'Expect: wonders', 'Connection: close'));
    socket.resume();
    await closed(socket);
  },
  async 'without Host'(connect, name) {
    const socket = await connect();
    socket.write(get('/ok', name, 'Connection: close').replace('Host: a\r\n', ''));
    socket.resume();
    await closed(socket);
  },
  async 'more requests than a connection may have'(connect, name, server) {
    server.maxRequestsPerSocket = 1;
    const socket = await connect();
    socket.write(get('/ok', name) + get('/ok', name));
    socket.resume();
    await closed(socket);
    server.maxRequestsPerSocket = 0;
  },
  async 'early hints'(connect, name) {
    const socket = await connect();
    socket.write(get('/hints', name));
    await untilGot(socket, /hello/);
    socket.destroy();
  },
  async trailers(connect, name) {
    const socket = await connect();
    socket.write(get('/trailers', name, 'TE: trailers'));
    await untilGot(socket, /\r\n0\r\n(.*\r\n)?\r\n/s);
    socket.destroy();
  },
  async 'an upgrade that the application handles'(connect, name, server) {
    server.once('upgrade', (_request, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'));
    const socket = await connect();
    socket.write(get('/ok', name, 'Connection: Upgrade', 'Upgrade: websocket'));
    await untilGot(socket, /101/);
    socket.destroy();
    server.removeAllListeners('upgrade');
  },
  async CONNECT(connect, _name, server) {
    server.once('connect', (_request, socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'));
    const socket = await connect();
    socket.write('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n');
    await untilGot(socket, /200/);
    socket.destroy();
  },
  async 'CONNECT that nothing handles'(connect) {
    const socket = await connect();
    socket.write('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n');
    socket.resume();
    await closed(socket);
  },
  async 'headers that are too large'(connect, name) {
    const socket = await connect();
    socket.write(get('/ok', name, `X-Large: ${'x'.repeat(32_768)}`));
    socket.resume();
    await closed(socket);
  },
  async 'headers that never end'(connect, name) {
    const socket = await connect();
    socket.write(get('/ok', name).slice(0, -2));
    socket.resume();
    await closed(socket);
  },
  async 'an upgrade that nothing handles'(connect, name) {
    const socket = await connect();
    socket.write(get('/ok', name, 'Connection: Upgrade', 'Upgrade: websocket'));
    await untilGot(socket, /hello/);
    socket.destroy();
  },
  async 'not HTTP'(connect) {
    const socket = await connect();
    socket.write('this is no request\r\n\r\n');
    socket.resume();
    await closed(socket);
  },
};
