import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { type HandlerOptions, metricsHandler } from '../../src/http/index';
import { Counter, Gauge, openMetricsContentType, Registry, register } from '../../src/index';
import { judged } from '../judges/openmetrics/index';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  register.clear();
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

type Ask = (
  path?: string,
  options?: { method?: string; headers?: Record<string, string> },
) => Promise<Answer>;

/** A server of node:http, and the same handler by its `fetch`. */
async function served(options: HandlerOptions = {}): Promise<{ ask: Ask; askByFetch: Ask }> {
  const handler = metricsHandler(options);
  const server = createServer((req, res) => void handler(req, res)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  const ask: Ask = async (path = '/metrics', { method = 'GET', headers = {} } = {}) => {
    const sent = httpRequest({ host: '127.0.0.1', port, path, method, headers }).end();
    const [response] = await once(sent, 'response');
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
  };
  const { fetch } = handler;
  const askByFetch: Ask = async (path = '/metrics', { method = 'GET', headers = {} } = {}) => {
    const response = await fetch(new Request(`http://host${path}`, { method, headers }));
    const body = Buffer.from(await response.arrayBuffer());
    return { status: response.status, headers: Object.fromEntries(response.headers), body };
  };
  return { ask, askByFetch };
}

test('the handler is a listener of node:http2, too', async () => {
  new Counter({ name: 'jobs_total', help: 'h' }).inc(3);
  const server = createHttp2Server(metricsHandler()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  closing.push(async () => {
    client.destroy();
    server.close();
    await once(server, 'close');
  });
  const answers = await Promise.all(
    ['GET', 'HEAD', 'POST'].map(async (method) => {
      const stream = client.request({ ':path': '/metrics', ':method': method }).end();
      const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status': number }];
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      return [headers[':status'], Buffer.concat(chunks).includes('jobs_total 3\n')];
    }),
  );

  expect(answers).toEqual([
    [200, true],
    [200, false],
    [405, false],
  ]);
});

const ways = ['ask', 'askByFetch'] as const;

describe.each(ways)('metricsHandler by %s', (way) => {
  test('answers with the exposition, its type and its length, which no cache keeps', async () => {
    new Counter({ name: 'jobs_total', help: 'h' }).inc(3);
    const { [way]: ask } = await served();
    const { status, headers, body } = await ask();

    expect(status).toBe(200);
    expect(body.toString()).toBe(await register.metrics());
    expect(headers).toMatchObject({
      'content-type': register.contentType,
      'content-length': `${body.length}`,
      vary: 'Accept, Accept-Encoding',
      'cache-control': 'no-store',
    });
    expect(headers['content-encoding']).toBeUndefined();
  });

  test('negotiates format and compression', async () => {
    const gauge = new Gauge({ name: 'g', help: 'h', labelNames: ['l'] });
    for (let i = 0; i < 100; i++) gauge.set({ l: `${i}` }, i);
    const { [way]: ask } = await served({ openMetrics: true });
    const { headers, body } = await ask('/metrics', {
      headers: { accept: 'application/openmetrics-text', 'accept-encoding': 'gzip' },
    });

    expect(headers['content-type']).toBe(openMetricsContentType);
    expect(headers['content-encoding']).toBe('gzip');
    expect(headers['content-length']).toBe(`${body.length}`);
    expect(judged(gunzipSync(body).toString())).toMatch(/\n# EOF\n$/);
  });

  test('shows the families of name[]', async () => {
    for (const name of ['a', 'b', 'c']) new Gauge({ name, help: 'h' }).set(1);
    const { [way]: ask } = await served();
    const { body } = await ask('/metrics?name[]=a&x=1&name%5B%5D=c&name[]=none');
    const none = await ask('/metrics?name[]=none');

    expect([...body.toString().matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)).toEqual(['a', 'c']);
    expect(none).toMatchObject({ status: 200, body: Buffer.from('\n') });
  });

  test('answers HEAD without a scrape', async () => {
    let collected = 0;
    new Gauge({ name: 'g', help: 'h', collect: () => void collected++ });
    const { [way]: ask } = await served();
    const { status, headers, body } = await ask('/metrics', { method: 'HEAD' });

    expect({ status, type: headers['content-type'], length: body.length, collected }).toEqual({
      status: 200,
      type: register.contentType,
      length: 0,
      collected: 0,
    });
  });

  test('refuses other methods', async () => {
    const { [way]: ask } = await served();
    const { status, headers } = await ask('/metrics', { method: 'POST' });

    expect({ status, allow: headers['allow'] }).toEqual({ status: 405, allow: 'GET, HEAD' });
  });

  test('answers 500 with the reason, without paths, and reports the error', async () => {
    const errors: Error[] = [];
    const failing = new Error("ENOENT: no such file, open '/srv/app/secret/stats.json'");
    new Gauge({
      name: 'g',
      help: 'h',
      collect: () => {
        throw failing;
      },
    });
    const { [way]: ask } = await served({ log: (error) => errors.push(error) });
    const { status, headers, body } = await ask();

    expect(status).toBe(500);
    expect(headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(body.toString()).toBe(
      "An error has occurred while serving metrics:\n\nENOENT: no such file, open '<path>'\n",
    );
    expect(errors).toEqual([failing]);
  });

  test("shows the sound part with onError: 'continue'", async () => {
    const errors: Error[] = [];
    new Counter({ name: 'sound_total', help: 'h' }).inc();
    register.registerMetric({ name: 'broken', get: () => Promise.reject(new Error('no connection')) });
    const { [way]: ask } = await served({ onError: 'continue', log: (error) => errors.push(error) });
    const { status, body } = await ask();

    expect(status).toBe(200);
    expect(body.toString()).toContain('sound_total 1');
    expect(errors.map(({ message }) => message)).toEqual(['no connection']);
  });
});

describe('a scrape that takes long', () => {
  /** Metrics whose reading ends when the test says so. */
  function held(): { release: () => void; begun: () => number } {
    let begun = 0;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    new Gauge({
      name: 'held',
      help: 'h',
      collect: () => {
        begun++;
        return released;
      },
    });
    return { release, begun: () => begun };
  }

  test('is answered with 503 after the timeout of the scraper, less half a second, or of the options', async () => {
    const { release } = held();
    const { ask } = await served({ timeoutMs: 20 });
    const { ask: askForever } = await served();
    const byOption = await ask();
    const byHeader = await askForever('/metrics', {
      headers: { 'x-prometheus-scrape-timeout-seconds': '0.1' },
    });
    release();

    expect(byOption).toMatchObject({
      status: 503,
      body: Buffer.from('Exceeded configured timeout of 0.02s.\n'),
    });
    expect(byHeader).toMatchObject({
      status: 503,
      body: Buffer.from('Exceeded configured timeout of 0.5s.\n'),
    });
  });

  test('is shared by equal requests that come meanwhile, and refused beyond maxInFlight', async () => {
    const { release, begun } = held();
    const { ask } = await served({ maxInFlight: 2 });
    const first = ask();
    while (begun() === 0) await new Promise(setImmediate);
    const equal = Promise.all(Array.from({ length: 5 }, () => ask()));
    let other = await ask('/metrics?name[]=other');
    while (other.status !== 503) other = await ask('/metrics?name[]=other');
    release();

    expect(other.headers['retry-after']).toBe('1');
    expect(other.body.toString()).toBe('Limit of concurrent requests reached (2), try again later.');
    expect((await first).status).toBe(200);
    expect((await equal).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(begun()).toBe(2);
  });

  test('does not hold up the next one for more than a second', async () => {
    const { release, begun } = held();
    const { ask } = await served();
    const both = [ask(), ask()];
    while (begun() < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    release();

    expect((await Promise.all(both)).map(({ status }) => status)).toEqual([200, 200]);
  });
});

test('selfMetrics have the names of promhttp, and several handlers share them', async () => {
  const registry = new Registry(undefined, { shared: false });
  const { ask } = await served({ registry, selfMetrics: true });
  const { ask: askOther } = await served({ registry, selfMetrics: true });
  await ask();
  await ask('/metrics', { method: 'POST' });
  const { body } = await askOther();

  expect(body.toString()).toContain(`promhttp_metric_handler_requests_total{code="200"} 1
promhttp_metric_handler_requests_total{code="500"} 0
promhttp_metric_handler_requests_total{code="503"} 0
promhttp_metric_handler_requests_total{code="405"} 1
`);
  expect(body.toString()).toContain('promhttp_metric_handler_requests_in_flight 1\n');
  expect(body.toString()).toContain('promhttp_metric_handler_errors_total{cause="gathering"} 0\n');
});

test('the first error of each code is a warning of the process', async () => {
  register.registerMetric({ name: 'broken', get: () => Promise.reject(new Error('no connection')) });
  const { ask } = await served();
  const warned = once(process, 'warning');
  await ask();
  const [warning] = await warned;

  expect(warning).toMatchObject({ name: 'PromClientMmapWarning', code: 'ERR_METRICS_HANDLER' });
  expect(warning.message).toContain('Error: no connection');
});

describe('options', () => {
  test.each<[options: object, code: string, text: RegExp]>([
    [{ gzip: true }, 'ERR_OPTION_UNKNOWN', /'gzip'/],
    [null as unknown as object, 'ERR_OPTION_VALUE', /argument of metricsHandler\(\) .* but got null/],
    [{ openMetrics: 'no' }, 'ERR_OPTION_VALUE', /openMetrics .* true or false, but got 'no'/],
    [{ view: 'proces' }, 'ERR_OPTION_VALUE', /'group', 'process' or 'thread', but got 'proces'/],
    [{ perProcess: 1 }, 'ERR_OPTION_VALUE', /perProcess .* but got 1/],
    [{ timeoutMs: '5' }, 'ERR_OPTION_VALUE', /timeoutMs .* but got '5'/],
    [{ timeoutMs: 0 }, 'ERR_OPTION_VALUE', /timeoutMs .* but got 0/],
    [{ maxInFlight: 1.5 }, 'ERR_OPTION_VALUE', /maxInFlight .* but got 1\.5/],
    [{ compress: ['br'] }, 'ERR_OPTION_VALUE', /gzip and zstd, but got \[ 'br' \]/],
    [{ onError: 'skip' }, 'ERR_OPTION_VALUE', /'fail' or 'continue', but got 'skip'/],
    [{ log: true }, 'ERR_OPTION_VALUE', /a function, but got true/],
    [{ registry: {} }, 'ERR_REGISTRY', /Expected Registry/],
    [{ registry: null }, 'ERR_REGISTRY', /Expected Registry/],
  ])('%o throw %s', (options, code, text) => {
    let thrown: unknown;
    try {
      metricsHandler(options as HandlerOptions);
    } catch (error) {
      thrown = error;
    }

    expect(thrown).toMatchObject({ name: 'TypeError', code, message: expect.stringMatching(text) });
  });
});

test('requests that want names in different forms share no answer', async () => {
  new Counter({ name: 'a.b', help: 'Help.', nameValidation: 'utf8' });
  const { ask } = await served();
  const schemes = ['underscores', 'dots', 'values'];
  const answers = await Promise.all(
    schemes.map((scheme) =>
      ask('/metrics', { headers: { accept: `text/plain;version=0.0.4;escaping=${scheme}` } }),
    ),
  );
  expect(answers.map(({ body }) => `${body}`.split('\n')[2])).toEqual(['a_b 0', 'a_dot_b 0', 'U__a_2e_b 0']);
});
