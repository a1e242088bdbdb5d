// A program for any runtime: servers of all protocols with instrumentHttp(), and clients that behave and misbehave. It prints the
// counts of each case as JSON. Arguments: the protocols, then the names of the cases, or none for all.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { createRequire } from 'node:module';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';

const require = createRequire(import.meta.url);
const { register } = require('../../../index.js');
const { instrumentHttp, setRoute } = require('../../../dist/http/index.js');

process.env.PROM_CLIENT_MMAP_SHARED = '0';
instrumentHttp();
process.on('uncaughtException', (error) => {
  if (error.message !== 'thrown on purpose') throw error;
});

const big = Buffer.alloc(20 * 1024 * 1024, 'x');

/** What the server does with a request of a case: by the path. */
const handlers = {
  ok: (_request, response) => response.end('hello'),
  empty: (_request, response) => response.writeHead(204).end(),
  missing: (_request, response) => response.writeHead(404).end('missing'),
  failed: (_request, response) => response.writeHead(500).end('failed'),
  slow: (_request, response) => setTimeout(() => response.end('late'), 30),
  stream: (_request, response) => {
    response.writeHead(200);
    response.write('first');
  },
  never: () => undefined,
  big: (_request, response) => response.end(big),
  throws: () => {
    throw new Error('thrown on purpose');
  },
  upload: (request, response) => {
    request.on('data', () => undefined).on('end', () => response.end('stored'));
    request.on('error', () => undefined);
  },
  destroyed: (_request, response) => response.destroy(),
  cut: (request, response) => {
    response.writeHead(200);
    response.write('first', () => request.socket.destroy());
  },
  late: (request, response) => {
    request.socket.once('close', () => response.end('nobody reads it'));
  },
};

function handle(request, response) {
  const [, name] = request.url.split('/');
  setRoute(response, request.headers['x-case'] ?? 'none');
  handlers[name](request, response);
}

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
const clients = {
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

/** Cases of HTTP/2: what the client does with a new session. */
const sessions = {
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
    await answer(session.request({ ':method': 'MADE-UP', ':path': '/ok', 'x-case': name }));
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
  async 'an upload'(session, name) {
    const stream = session.request({ ':method': 'POST', ':path': '/upload', 'x-case': name });
    stream.end('12345');
    await answer(stream);
    session.destroy();
  },
};

async function answer(stream) {
  stream.resume();
  await once(stream, 'close');
}

const inFlight = new Map();

/** Resolves when the server has got so many requests of a case. */
async function started(name, count) {
  while ((inFlight.get(name) ?? 0) < count) await new Promise((resolve) => setTimeout(resolve, 2));
}

function counting(request, response) {
  const name = request.headers['x-case'];
  inFlight.set(name, (inFlight.get(name) ?? 0) + 1);
  handle(request, response);
}

const directory = mkdtempSync(join(tmpdir(), 'prom-client-mmap-tls-'));
function certificate() {
  const [key, cert] = ['key', 'cert'].map((file) => join(directory, file));
  const subject = ['-subj', '/CN=localhost', '-days', '2'];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
      ...subject,
    ],
    { stdio: 'ignore' },
  );
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

const plain = (port) => async () => {
  const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
};
const encrypted = (port) => async () => {
  const options = { port, host: '127.0.0.1', rejectUnauthorized: false };
  const socket = tls.connect(options).on('error', () => undefined);
  await once(socket, 'secureConnect');
  return socket;
};
const timeouts = { connectionsCheckingInterval: 20, requestTimeout: 300, headersTimeout: 250 };

const protocols = {
  http: { make: () => http.createServer(timeouts, counting), cases: clients, connect: plain },
  https: {
    make: () => https.createServer({ ...timeouts, ...certificate() }, counting),
    cases: clients,
    connect: encrypted,
  },
  'HTTP/1 beside HTTP/2': {
    make: () => http2.createSecureServer({ ...certificate(), allowHTTP1: true, ...timeouts }, counting),
    cases: clients,
    connect: encrypted,
    // Node does not check the times of such requests.
    without: /too long/,
  },
  h2c: { make: () => http2.createServer(counting), cases: sessions, url: 'http' },
  h2: { make: () => http2.createSecureServer(certificate(), counting), cases: sessions, url: 'https' },
};

const [wanted = Object.keys(protocols).join(), ...names] = process.argv.slice(2);
const results = {};
for (const protocol of wanted.split(',')) {
  const { make, cases, connect, url, without } = protocols[protocol];
  const server = make().listen(0, '127.0.0.1');
  server.on('sessionError', () => undefined);
  await once(server, 'listening');
  const { port } = server.address();
  for (const [name, run] of Object.entries(cases)) {
    if ((names.length > 0 && !names.includes(name)) || without?.test(name)) continue;
    const label = `${protocol}: ${name}`;
    if (process.env.VERBOSE) console.error(label);
    const before = await aborted();
    if (connect) await run(connect(port), label, server);
    else {
      const connection =
        url === 'http'
          ? net.connect(port, '127.0.0.1')
          : tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] });
      const session = http2.connect(`${url}://127.0.0.1:${port}`, { createConnection: () => connection });
      session.on('error', () => undefined);
      await run(session, label, connection);
    }
    await idle();
    results[label] = { ...(await counted(label)), ...difference(await aborted(), before) };
  }
  server.close();
  server.closeAllConnections?.();
}
rmSync(directory, { recursive: true });
console.log(JSON.stringify(results));
process.exit();

/** Resolves when no request is in progress; fails the run when one stays. */
async function idle() {
  const deadline = Date.now() + 5000;
  while ((await sum('http_requests_in_progress')) !== 0) {
    if (Date.now() > deadline) throw new Error(await register.metrics());
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function samples(family) {
  const metric = register.getSingleMetric(family);
  return metric === undefined ? [] : (await metric.get()).values;
}

async function sum(family) {
  return (await samples(family)).reduce((all, { value }) => all + value, 0);
}

async function aborted() {
  return Object.fromEntries(
    (await samples('http_requests_aborted_total')).map(({ labels, value }) => [
      `aborted by ${labels.by}`,
      value,
    ]),
  );
}

/** The counts of the route of a case, by method and status. Every duration must be there, too. */
async function counted(route) {
  const of = (all) =>
    all.filter(({ labels }) => labels.route === route || (route.endsWith('not HTTP') && !labels.route));
  const key = ({ method, status_code }) => `${method} ${status_code}`;
  const counts = of(await samples('http_requests_total')).map(({ labels, value }) => [key(labels), value]);
  const durations = of(await samples('http_request_duration_seconds'))
    .filter(({ metricName }) => metricName.endsWith('_count'))
    .map(({ labels, value }) => [key(labels), value]);
  if (JSON.stringify(counts) !== JSON.stringify(durations))
    throw new Error(`${JSON.stringify({ counts, durations })}`);
  return Object.fromEntries(counts);
}

function difference(after, before) {
  const entries = Object.entries(after).map(([key, value]) => [key, value - (before[key] ?? 0)]);
  return Object.fromEntries(entries.filter(([, value]) => value !== 0));
}
