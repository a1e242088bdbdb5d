import { once } from 'node:events';
import http, { type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { type HttpOptions, instrumentHttp, leaveOut, setRoute } from '../../src/http/index';
import { Counter, Registry } from '../../src/index';

let register: Registry;
let stop: () => void = () => undefined;

beforeEach(() => {
  register = new Registry(undefined, { shared: false });
});

afterEach(() => {
  stop();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

test('the default metrics are counts, durations and requests in progress, by method, route and status', async () => {
  const url = await start((request, response) => {
    setRoute(response, '/users/:id');
    response.statusCode = request.url === '/users/0' ? 404 : 200;
    response.end();
  });
  for (const id of ['1', '2', '0']) await fetch(`${url}/users/${id}`);

  const lines = await linesOf();
  expect(lines).toEqual(
    expect.arrayContaining([
      'http_requests_total{method="GET",route="/users/:id",status_code="200"} 2',
      'http_requests_total{method="GET",route="/users/:id",status_code="404"} 1',
      'http_request_duration_seconds_bucket{le="7.5",method="GET",route="/users/:id",status_code="200"} 2',
      'http_request_duration_seconds_count{method="GET",route="/users/:id",status_code="200"} 2',
      'http_requests_in_progress{method="GET"} 0',
    ]),
  );
  expect(lines.filter((line) => line.includes('_bucket{') && line.includes('404'))).toHaveLength(15);
});

test('100,000 different paths make no series of their own', async () => {
  const url = await start((request, response) => {
    response.statusCode = Number(request.headers['x-status']);
    response.end();
  });
  const { port } = new URL(url);
  const before = async (): Promise<number> => (await linesOf()).length;
  await send(port, 30, (i) => [`/${i}`, [200, 404, 405][i % 3] ?? 0]);
  const series = await before();
  await send(port, 100_000, (i) => [`/${i * 7919}/${i}?q=${i}`, [200, 404, 405][i % 3] ?? 0]);

  expect(await before()).toBe(series);
  expect(await totalOf('http_requests_total')).toBe(100_030);
});

test('routes beyond maxRoutes become one, with one warning', async () => {
  const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const url = await start((request, response) => setRoute(response, `${request.url}`) ?? response.end(), {
    maxRoutes: 2,
  });
  for (const path of ['/a', '/b', '/c', '/d', '/a']) await fetch(url + path);

  const counts = (await linesOf()).filter((line) => line.startsWith('http_requests_total'));
  expect(counts.map((line) => /route="(.*?)".* (\d+)$/.exec(line)?.slice(1).join(' '))).toEqual([
    ...['/a 2', '/b 1', '__overflow__ 2'],
  ]);
  expect(warnings).toHaveBeenCalledOnce();
  expect(warnings).toHaveBeenCalledWith(
    expect.stringContaining('2 routes'),
    expect.objectContaining({ code: 'ERR_ROUTE_LIMIT' }),
  );
});

test.each<[string, HttpOptions, string]>([
  ['without a source', {}, ''],
  [
    'by a function of the user',
    { route: ({ url }) => (url === '/items/7/x?y=1' ? '/items' : 'no') },
    '/items',
  ],
  [
    'when that throws',
    {
      route: () => {
        throw new Error('no');
      },
    },
    '',
  ],
  ['by the normalized path', { normalizePath: true }, '/items/:id/x'],
  ['by a function of the path', { normalizePath: (path) => path.slice(0, 6) }, '/items'],
])('the route %s', async (_, options, expected) => {
  const url = await start((_request, response) => void response.end(), options);
  await fetch(`${url}/items/7/x?y=1`);

  expect(await linesOf()).toContain(
    `http_requests_total{method="GET",route="${expected}",status_code="200"} 1`,
  );
});

test.each([
  ['/users/17', '/users/:id'],
  ['/o/123e4567-e89b-12d3-a456-426614174000/x', '/o/:id/x'],
  ['/c/deadbeef01', '/c/:id'],
  ['/t/eyJhbGciOiJIUzI1NiJ9', '/t/:id'],
  ['/v1/facade/decade', '/v1/facade/decade'],
])('the path %s is normalized to %s', async (path, expected) => {
  const url = await start((_request, response) => void response.end(), { normalizePath: true });
  await fetch(url + path);

  expect(await linesOf()).toContain(
    `http_requests_total{method="GET",route="${expected}",status_code="200"} 1`,
  );
});

test('responses that are left out or ignored do not count, and are in progress until they end', async () => {
  const url = await start(
    (request, response) => {
      if (request.url === '/metrics') leaveOut(response);
      response.end();
    },
    { ignore: ({ url }) => url === '/healthz' },
  );
  for (const path of ['/metrics', '/healthz', '/counted']) await fetch(url + path);

  expect(await totalOf('http_requests_total')).toBe(1);
  expect(await linesOf()).toContain('http_requests_in_progress{method="GET"} 0');
});

test('a reset while a request is in progress does not make the gauge negative', async () => {
  const url = await start((_request, response) => {
    register.resetMetrics();
    response.end();
  });
  await fetch(url);

  expect(await linesOf()).toContain('http_requests_in_progress{method="GET"} 0');
});

test('only requests to the chosen servers count', async () => {
  const wanted = await listen((_request, response) => void response.end());
  const other = await listen((_request, response) => void response.end());
  stop = instrumentHttp({ registry: register, servers: [wanted.server] });
  await fetch(wanted.url);
  await fetch(other.url);

  expect(await totalOf('http_requests_total')).toBe(1);
});

test('after stop() a request that has begun is counted, and no new one', async () => {
  let answer = (): void => undefined;
  const url = await start((request, response) => {
    if (request.url === '/first') answer = () => void response.end();
    else response.end();
  });
  const first = fetch(`${url}/first`);
  await vi.waitUntil(async () => (await totalOf('http_requests_in_progress')) === 1);
  stop();
  await fetch(`${url}/second`);
  answer();
  await first;

  await vi.waitUntil(async () => (await totalOf('http_requests_in_progress')) === 0);
  expect(await totalOf('http_requests_total')).toBe(1);
});

test('a second call changes nothing, with a warning if its options differ', async () => {
  const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const url = await start((_request, response) => void response.end());
  expect(instrumentHttp({ registry: register })).toBe(stop);
  // As `auto` passes the variables that are not set.
  const unset = { prefix: undefined, preset: undefined } as object;
  expect(instrumentHttp({ ...unset, registry: register })).toBe(stop);
  expect(warnings).not.toHaveBeenCalled();
  expect(instrumentHttp({ registry: register, preset: 'otel' })).toBe(stop);
  await fetch(url);

  expect(await totalOf('http_requests_total')).toBe(1);
  expect(warnings.mock.calls).toMatchObject([[expect.any(String), { code: 'ERR_HTTP_INSTRUMENTED' }]]);
});

test('after a clear() of the registry another call begins anew', async () => {
  const url = await start((_request, response) => void response.end());
  await fetch(url);
  register.clear();
  stop = instrumentHttp({ registry: register });
  await fetch(url);

  expect(await totalOf('http_requests_total')).toBe(1);
});

test('the sizes of bodies are those on the wire', async () => {
  const url = await start((request, response) => request.resume().once('end', () => response.end('12345')), {
    sizes: true,
  });
  await fetch(url, { method: 'POST', body: '1234567' });
  await fetch(url, { method: 'POST', body: '123' });

  expect(await linesOf()).toEqual(
    expect.arrayContaining([
      'http_request_size_bytes_sum{method="POST",route="",status_code="200"} 10',
      'http_response_size_bytes_sum{method="POST",route="",status_code="200"} 10',
    ]),
  );
});

test('durations and sizes have exponential buckets on request', async () => {
  const url = await start((_, response) => response.end('12345'), { sizes: true, native: true });
  await fetch(url);

  for (const name of ['http_request_duration_seconds', 'http_response_size_bytes']) {
    const family = await register.getSingleMetric(name)?.get();
    const values = family?.values as { native?: object }[] | undefined;
    expect(values?.find(({ native }) => native)?.native).toMatchObject({
      schema: 3,
      positive: [[expect.any(Number), 1]],
    });
  }
});

test.each<[string, HttpOptions, readonly string[]]>([
  [
    'otel',
    {},
    [
      'http_server_request_duration_seconds_count{http_request_method="GET",url_scheme="http",http_response_status_code="503",http_route="/r",error_type="503",network_protocol_version="1.1"} 1',
      'http_server_active_requests{http_request_method="GET",url_scheme="http"} 0',
    ],
  ],
  [
    'express-prom-bundle',
    {},
    [
      'http_request_duration_seconds_bucket{le="0.003",status_code="503",method="GET",path="/r"} 0',
      'http_request_duration_seconds_count{status_code="503",method="GET",path="/r"} 1',
      'up 1',
    ],
  ],
  [
    'fastify',
    {},
    [
      'http_request_duration_seconds_count{method="GET",route="/r",status_code="503"} 1',
      'http_request_summary_seconds_count{method="GET",route="/r",status_code="503"} 1',
    ],
  ],
  [
    'signoz',
    {},
    [
      'request_count{method="GET",endpoint="/r",status="503"} 1',
      'request_latency_seconds_count{method="GET",endpoint="/r",status="503"} 1',
    ],
  ],
  [
    'default',
    { prefix: 'shop_', labels: ['status_class'] },
    ['shop_http_requests_total{status_class="5xx"} 1'],
  ],
])('the preset %s has its names', async (preset, options, expected) => {
  const url = await start(
    (_request, response) => {
      setRoute(response, '/r');
      setTimeout(() => response.writeHead(503).end(), 5);
    },
    { preset: preset as NonNullable<HttpOptions['preset']>, ...options },
  );
  await fetch(url);

  expect(await linesOf()).toEqual(expect.arrayContaining([...expected]));
});

test("OpenTelemetry's variable replaces the methods that are labels", async () => {
  vi.stubEnv('OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS', 'GET, PROPFIND,');
  const url = await start((_, response) => response.end());
  for (const method of ['GET', 'PROPFIND', 'POST']) await fetch(url, { method });

  expect((await linesOf()).filter((line) => line.startsWith('http_requests_total'))).toEqual(
    ['GET', 'PROPFIND', '_OTHER'].map(
      (method) => `http_requests_total{method="${method}",route="",status_code="200"} 1`,
    ),
  );
});

test.each<[object, string]>([
  [{ presets: 'otel' }, 'ERR_OPTION_UNKNOWN'],
  [{ preset: 'toString' }, 'ERR_OPTION_VALUE'],
  [{ labels: ['path'] }, 'ERR_OPTION_VALUE'],
  [{ buckets: [2, 1] }, 'ERR_OPTION_VALUE'],
  [{ maxRoutes: -1 }, 'ERR_OPTION_VALUE'],
  [{ prefix: '1-' }, 'ERR_OPTION_VALUE'],
  [{ route: 'no function' }, 'ERR_OPTION_VALUE'],
  [{ registry: {} }, 'ERR_OPTION_VALUE'],
])('the options %j are refused', (options, code) => {
  expect(() => instrumentHttp(options as HttpOptions)).toThrow(expect.objectContaining({ code }));
});

test('a name that another metric has is refused', () => {
  new Counter({ name: 'http_requests_total', help: 'h', labelNames: ['other'], registers: [register] });

  expect(() => instrumentHttp({ registry: register })).toThrow(
    expect.objectContaining({ code: 'ERR_METRIC_DIFFERS' }),
  );
});

test('of clients that pipeline and vanish at any byte, every request that begins is counted once', async () => {
  let begun = 0;
  const url = await start((request, response) => {
    begun++;
    if (request.url === '/never') return;
    if (request.url === '/late') setTimeout(() => response.end('late'), 1);
    else response.end('now');
  });
  const { port } = new URL(url);
  const request = fc.constantFrom(
    'GET /now HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /late HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /never HTTP/1.1\r\nHost: a\r\n\r\n',
    'POST /now HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody',
    'no request\r\n\r\n',
  );
  const ending = fc.constantFrom('end', 'destroy', 'resetAndDestroy');
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 5 }), fc.nat(200), ending, async (requests, cut, end) => {
      const text = requests.join('');
      const socket = net.connect(Number(port), '127.0.0.1').on('error', () => undefined);
      await once(socket, 'connect');
      socket.resume();
      await new Promise((resolve) => socket.write(text.slice(0, Math.max(0, text.length - cut)), resolve));
      socket[end as 'end']();
      if (!socket.destroyed) await once(socket, 'close');
    }),
    { numRuns: 300 },
  );

  await vi.waitFor(async () => {
    expect(await totalOf('http_requests_in_progress')).toBe(0);
    expect(await totalOf('http_requests_total')).toBe(begun);
  });
  expect(begun).toBeGreaterThan(100);
});

/** Starts an instrumented server that ends with the test; resolves to its URL. */
async function start(listener: RequestListener, options: HttpOptions = {}): Promise<string> {
  stop = instrumentHttp({ registry: register, ...options });
  return (await listen(listener)).url;
}

async function listen(listener: RequestListener): Promise<{ server: http.Server; url: string }> {
  const server = http.createServer(listener).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Sends so many requests over one connection. */
async function send(
  port: string,
  count: number,
  of: (i: number) => readonly [string, number],
): Promise<void> {
  const socket = net.connect(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  socket.resume();
  for (let i = 0; i < count; i += 100) {
    let text = '';
    for (let n = i; n < Math.min(count, i + 100); n++) {
      const [path, status] = of(n);
      text += `GET ${path} HTTP/1.1\r\nHost: a\r\nX-Status: ${status}\r\n\r\n`;
    }
    if (!socket.write(text)) await once(socket, 'drain');
  }
  socket.end();
  await once(socket, 'close');
}

async function linesOf(): Promise<string[]> {
  // A response is counted when its last byte has left, which may be after the client has it.
  await new Promise((resolve) => setImmediate(resolve));
  return (await register.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

async function totalOf(family: string): Promise<number> {
  const lines = (await linesOf()).filter((line) => line.startsWith(`${family}{`));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
