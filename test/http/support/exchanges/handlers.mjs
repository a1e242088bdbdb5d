// What the servers do with the requests of the cases.
import http2 from 'node:http2';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { setRoute } = require('../../../../dist/http/index.js');

const { constants } = http2;
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
  'destroyed-with-error': (_request, response) => {
    response.on('error', () => undefined);
    response.destroy(new Error('destroyed on purpose'));
  },
  'destroyed-request': (request) => {
    request.on('error', () => undefined);
    request.destroy();
  },
  cut: (request, response) => {
    response.writeHead(200);
    response.write('first', () => close(request, response));
  },
  hints: (_request, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' });
    setImmediate(() => response.end('hello'));
  },
  trailers: (_request, response) => {
    response.setHeader('trailer', 'x-trailer');
    response.write('hello');
    response.addTrailers({ 'x-trailer': 'value' });
    response.end();
  },
  'core API': (_request, { stream }) => stream.respond({ ':status': 204 }, { endStream: true }),
  file: (_request, { stream }) => stream.respondWithFile(import.meta.filename, { ':status': 200 }),
  push: (_request, response) => {
    response.stream.pushStream({ ':path': '/pushed' }, (_error, pushed) => {
      pushed.respond();
      pushed.end('pushed');
      response.end('hello');
    });
  },
  cancelled: (_request, { stream }) => stream.close(constants.NGHTTP2_CANCEL),
  'cancelled session': (_request, { stream }) => stream.session.destroy(),
  late: (request, response) => {
    request.socket.once('close', () => response.end('nobody reads it'));
  },
};

/** Breaks a response off. */
function close(request, { stream }) {
  if (stream) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else request.socket.destroy();
}

const inFlight = new Map();

/** Resolves when the server has got so many requests of a case. */
export async function started(name, count) {
  while ((inFlight.get(name) ?? 0) < count) await new Promise((resolve) => setTimeout(resolve, 2));
}

export function handle(request, response) {
  const name = request.headers['x-case'];
  inFlight.set(name, (inFlight.get(name) ?? 0) + 1);
  const path = decodeURIComponent(request.url.split('/')[1]);
  setRoute(response, name ?? 'none');
  handlers[path](request, response);
}
