// Clients of HTTP/2 that behave and misbehave.
import { once } from 'node:events';
import http2 from 'node:http2';
import { started } from './handlers.mjs';

/** Errors before it do not matter. */
const closed = (stream) =>
  new Promise((resolve) => (stream.destroyed ? resolve() : stream.once('close', resolve)));

/** Cases of HTTP/2: what the client does with a new session. */
export const sessions = {
  async ok(session, name) {
    await answer(session.request({ ':path': '/ok', 'x-case': name }));
    session.close();
    await closed(session);
  },
  async 'many at once'(session, name) {
    const paths = ['/slow', '/ok', '/missing', '/failed', '/empty', '/slow'];
    await Promise.all(paths.map((path) => answer(session.request({ ':path': path, 'x-case': name }))));
    session.destroy();
  },
  async HEAD(session, name) {
    await answer(session.request({ ':method': 'HEAD', ':path': '/ok', 'x-case': name }));
    session.destroy();
  },
  async 'an unusual method'(session, name) {
    await answer(session.request({ ':method': 'MADE-UP', ':path': '/ok', 'x-case': name }).end());
    session.destroy();
  },
  async 'the client cancels before headers'(session, name) {
    const stream = session.request({ ':path': '/never', 'x-case': name });
    stream.on('error', () => undefined);
    await started(name, 1);
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await closed(stream);
    session.destroy();
  },
  async 'the client goes before headers'(session, name, connection) {
    session.request({ ':path': '/never', 'x-case': name }).on('error', () => undefined);
    await started(name, 1);
    connection.destroy();
    await closed(session);
  },
  async 'the client cancels in mid-stream'(session, name) {
    const stream = session.request({ ':path': '/stream', 'x-case': name });
    stream.on('error', () => undefined);
    await once(stream, 'data');
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await closed(stream);
    session.destroy();
  },
  async 'the server destroys the response'(session, name) {
    const stream = session.request({ ':path': '/destroyed', 'x-case': name });
    stream.on('error', () => undefined).resume();
    await closed(stream);
    session.destroy();
  },
  async 'the client resets with an error'(session, name) {
    const stream = session.request({ ':path': '/never', 'x-case': name });
    stream.on('error', () => undefined);
    await started(name, 1);
    stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
    await closed(stream);
  },
  async 'the client resets without an error'(session, name) {
    const stream = session.request({ ':path': '/never', 'x-case': name });
    await started(name, 1);
    stream.close(http2.constants.NGHTTP2_NO_ERROR);
    await closed(stream);
  },
  async 'the client goes in mid-stream'(session, name, connection) {
    const stream = session.request({ ':path': '/stream', 'x-case': name });
    stream.on('error', () => undefined);
    await once(stream, 'data');
    connection.destroy();
    await closed(session);
  },
  async 'the client reads nothing and goes'(session, name, connection) {
    const stream = session.request({ ':path': '/big', 'x-case': name });
    stream.on('error', () => undefined);
    await once(stream, 'response');
    connection.destroy();
    await closed(session);
  },
  async 'the client never ends its request'(session, name) {
    const stream = session.request({ ':method': 'POST', ':path': '/ok', 'x-case': name });
    stream.resume();
    await once(stream, 'end');
  },
  async 'the server closes the stream in mid-stream'(session, name) {
    const stream = session.request({ ':path': '/cut', 'x-case': name });
    stream.on('error', () => undefined).resume();
    await closed(stream);
  },
  async 'the server cancels before headers'(session, name) {
    const stream = session.request({ ':path': '/cancelled', 'x-case': name });
    stream.on('error', () => undefined).resume();
    await closed(stream);
  },
  async 'the server destroys the session'(session, name) {
    const stream = session.request({ ':path': '/cancelled%20session', 'x-case': name });
    stream.on('error', () => undefined).resume();
    await closed(session);
  },
  async 'the server gives up'(session, name, _connection, server) {
    server.setTimeout(20);
    const stream = session.request({ ':path': '/never', 'x-case': name });
    stream.on('error', () => undefined).resume();
    await closed(session);
    server.setTimeout(0);
  },
  async 'early hints'(session, name) {
    await answer(session.request({ ':path': '/hints', 'x-case': name }));
  },
  async trailers(session, name) {
    await answer(session.request({ ':path': '/trailers', 'x-case': name }));
  },
  async 'the core API, without a body'(session, name) {
    await answer(session.request({ ':path': '/core%20API', 'x-case': name }));
  },
  async 'a file'(session, name) {
    await answer(session.request({ ':path': '/file', 'x-case': name }));
  },
  async push(session, name) {
    session.on('stream', (pushed) => pushed.resume());
    await answer(session.request({ ':path': '/push', 'x-case': name }));
  },
  async 'CONNECT that nothing handles'(session, name) {
    const stream = session.request({ ':method': 'CONNECT', ':authority': 'a:1', 'x-case': name });
    stream.on('error', () => undefined);
    await answer(stream.end());
  },
  async 'an upload'(session, name) {
    const stream = session.request({ ':method': 'POST', ':path': '/upload', 'x-case': name });
    stream.end('12345');
    await answer(stream);
    session.destroy();
  },
};

async function answer(stream) {
  stream.resume();
  await closed(stream);
}
