// A program for any runtime: random clients of HTTP/1 and HTTP/2, which pipeline and break off at any byte, or reset streams, and
// servers that answer, stream, destroy or come late. It prints how many requests began and how many were counted. Arguments: the
// protocol, and a seed.
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import { createRequire } from 'node:module';
import net from 'node:net';

const require = createRequire(import.meta.url);
const { register } = require('../../../index.js');
const { instrumentHttp } = require('../../../dist/http/index.js');

process.env.PROM_CLIENT_MMAP_SHARED = '0';
instrumentHttp();
const [protocol, seed = '1'] = process.argv.slice(2);
const clients = 400;
const large = Buffer.alloc(300_000, 'x');

/** Numbers below `limit`, the same for each seed. */
let state = Number(seed);
function random(limit) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
}

let began = 0;
const answers = [
  (_request, response) => response.end('ok'),
  (_request, response) => response.writeHead(204).end(),
  (_request, response) => response.end(large),
  (_request, response) => setTimeout(() => end(response, 'late'), 5),
  (_request, response) => response.write('first') && setTimeout(() => end(response, 'last'), 5),
  (_request, response) => response.destroy(),
  (_request, response) => response.write('first') && setImmediate(() => response.destroy()),
  (request, response) => request.resume().on('end', () => end(response, 'read')),
  (_request, response) => setTimeout(() => end(response, 'very late'), 100),
];
/** In Bun this throws for a stream that has been destroyed; in Node it does nothing. */
function end(response, text) {
  try {
    response.end(text);
  } catch {}
}
function serve(request, response) {
  began++;
  response.on('error', () => undefined);
  request.on('error', () => undefined);
  answers[Number(request.url.slice(1))](request, response);
}

/** Some requests in one piece of text, of which a part is sent. */
async function byHttp1(port) {
  const requests = Array.from({ length: 1 + random(4) }, () =>
    random(3) === 0
      ? `POST /${random(answers.length)} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345`
      : `GET /${random(answers.length)} HTTP/1.1\r\nHost: a\r\n\r\n`,
  ).join('');
  const sent = random(2) === 0 ? requests : requests.slice(0, random(requests.length));
  const [end, pause, reads] = [random(3), random(12), random(2)];
  const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  if (reads) socket.resume();
  socket.write(sent);
  await new Promise((resolve) => setTimeout(resolve, pause));
  if (end === 0) socket.destroy();
  else if (end === 1) socket.resetAndDestroy();
  else {
    socket.resume().end();
    // A server may wait for the rest of a body, and for an answer that never comes.
    setTimeout(() => socket.destroy(), 50);
  }
  await closed;
}

/** Some streams, each of which may be reset with any code, and the end of the connection. */
async function byHttp2(port) {
  const requests = Array.from({ length: 1 + random(4) }, () => {
    const headers = { ':method': random(3) === 0 ? 'POST' : 'GET', ':path': `/${random(answers.length)}` };
    return { headers, code: random(12), pause: random(8), isReset: random(2) === 0, ends: random(2) === 0 };
  });
  const [end, pause] = [random(2), random(12)];
  const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
  const session = http2.connect(`http://127.0.0.1:${port}`, { createConnection: () => socket });
  session.on('error', () => undefined);
  await once(session, 'connect');
  const closed = new Promise((resolve) => session.once('close', resolve));
  for (const { headers, code, pause, isReset, ends } of requests) {
    const stream = session.request(headers).on('error', () => undefined);
    if (ends) stream.end();
    stream.resume();
    if (isReset) setTimeout(() => stream.close(code), pause);
  }
  await new Promise((resolve) => setTimeout(resolve, pause));
  if (end === 0) session.destroy();
  else socket.destroy();
  await closed;
}

const server = (protocol === 'h2c' ? http2 : http).createServer(serve).listen(0, '127.0.0.1');
server.on('sessionError', () => undefined);
await once(server, 'listening');
const { port } = server.address();
const client = protocol === 'h2c' ? byHttp2 : byHttp1;
for (let i = 0; i < clients; i += 20) {
  await Promise.all(Array.from({ length: 20 }, () => client(port)));
}

const sumOf = async (family) => {
  const { values } = await register.getSingleMetric(family).get();
  return values
    .filter(({ metricName = family }) => !/_(bucket|sum)$/.test(metricName))
    .reduce((sum, { value }) => sum + value, 0);
};
const countsOf = async () => {
  const [counted, timed, inProgress] = await Promise.all(
    ['http_requests_total', 'http_request_duration_seconds', 'http_requests_in_progress'].map(sumOf),
  );
  return { began, counted, timed, inProgress };
};
const areEven = ({ began, counted, timed, inProgress }) =>
  counted === began && timed === began && inProgress === 0;
const deadline = Date.now() + 10_000;
// A request may begin after its client has gone, also while the numbers are read.
let counts = await countsOf();
while (!areEven(counts) && Date.now() < deadline) {
  await new Promise((resolve) => setTimeout(resolve, 5));
  counts = await countsOf();
}
process.stdout.write(JSON.stringify(counts), () => process.exit());
