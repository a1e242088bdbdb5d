import { type ChildProcess, spawnSync, spawn as start } from 'node:child_process';
import { once } from 'node:events';
import http, {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type RequestOptions,
} from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { Pushgateway as Judge } from 'prom-client';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Counter, configure, openMetricsContentType, Pushgateway, Registry, register } from '../../src/index';
import { newDirectory } from '../multiprocess/support/directories';
import { spawn } from '../multiprocess/support/member';

configure({ shared: false });

const isInstalled = spawnSync('prometheus-pushgateway', ['--version']).status === 0;

describe('with the Pushgateway itself', () => {
  let gateway: ChildProcess;
  let url: string;

  beforeAll(async () => {
    if (!isInstalled) return;
    const address = `127.0.0.1:${await freePort()}`;
    url = `http://${address}`;
    gateway = start('prometheus-pushgateway', [`--web.listen-address=${address}`, '--log.level=error'], {
      stdio: 'ignore',
    });
    while (!(await fetch(`${url}/-/ready`).catch(() => undefined))?.ok) {
      if (gateway.exitCode !== null) throw new Error(`it has ended with code ${gateway.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });

  afterAll(async () => {
    if (!isInstalled) return;
    const ended = once(gateway, 'exit');
    gateway.kill();
    await ended;
  });

  const gatewayTest = (name: string, run: () => Promise<void>): void =>
    test(name, async ({ skip }) => {
      if (!isInstalled)
        return skip(
          'it is not installed (Debian: apt-get install --no-install-recommends prometheus-pushgateway)',
        );
      await run();
    });

  gatewayTest('one process pushes what the whole group has counted', async () => {
    const directory = newDirectory();
    const [one, other] = await Promise.all([spawn({ directory }), spawn({ directory })]);
    const count = ({ Counter }: typeof import('../../src/index')) =>
      new Counter({ name: 'rows_total', help: 'h', labelNames: ['table'] }).inc({ table: 'a' }, 21);
    await one.run(count);
    await other.run(count);

    const answer = await one.run(async ({ Pushgateway }, gatewayUrl) => {
      const { body } = await new Pushgateway(gatewayUrl, { group: true }).push({ jobName: 'import' });
      return body;
    }, url);

    expect(answer).toBe('');
    expect(await pushed('rows_total')).toEqual(['rows_total{instance="",job="import",table="a"} 42']);
  });

  gatewayTest(
    'push replaces the metrics of a group, pushAdd those of the same names, delete all',
    async () => {
      const registers = [new Registry(), new Registry()] as const;
      new Counter({ name: 'kept_total', help: 'h', registers: [registers[0]] }).inc(1);
      new Counter({ name: 'new_total', help: 'h', registers: [registers[1]] }).inc(2);
      const [first, second] = registers.map((registry) => new Pushgateway(url, {}, registry));
      const params = { jobName: 'replace', groupings: { shard: '1' } };
      const ofGroup = async () =>
        (await pushed('\\w+_total')).filter((line) => line.includes('job="replace"'));

      await first?.push(params);
      await second?.pushAdd(params);
      expect(await ofGroup()).toHaveLength(2);
      await second?.push(params);
      expect(await ofGroup()).toEqual(['new_total{instance="",job="replace",shard="1"} 2']);
      await second?.delete({ jobName: 'replace' });
      expect(await ofGroup()).toHaveLength(1);
      await second?.delete(params);
      expect(await ofGroup()).toEqual([]);
    },
  );

  for (const [index, value] of [
    'plain',
    'a b',
    'a&b=c?d#e%',
    'été',
    '',
    'a/b',
    '/',
    '.',
    '..',
    '"q"',
  ].entries()) {
    gatewayTest(`the value ${JSON.stringify(value)} of a grouping arrives as it is`, async () => {
      const registry = new Registry();
      const name = `odd_${index}`;
      new Counter({ name, help: 'h', registers: [registry] }).inc();

      await new Pushgateway(url, registry).push({
        jobName: `job/${index}`,
        groupings: { odd: value, last: 'x' },
      });

      const shown = value.replaceAll('"', '\\"');
      expect(await pushed(name)).toEqual([
        `${name}{instance="",job="job/${index}",last="x",odd="${shown}"} 1`,
      ]);
    });
  }

  gatewayTest('a compressed body is read', async () => {
    const registry = new Registry();
    new Counter({ name: 'zipped_total', help: 'h', registers: [registry] }).inc(3);
    const options = { headers: { 'Content-Encoding': 'gzip' } };
    const gateway = new Pushgateway(url, options, registry);

    await gateway.push({ jobName: 'zip' });
    await gateway.delete({ jobName: 'zip' });
    await gateway.pushAdd({ jobName: 'zip' });

    expect(options).toEqual({ headers: { 'Content-Encoding': 'gzip' } });
    expect(await pushed('zipped_total')).toEqual(['zipped_total{instance="",job="zip"} 3']);
  });

  gatewayTest('what it does not accept is an error with its reasons', async () => {
    const registry = new Registry();
    new Counter({ name: 'bad_total', help: 'h', labelNames: ['job'], registers: [registry] }).inc({
      job: 'x',
    });

    await expect(
      new Pushgateway(url, registry).push({ jobName: 'bad', groupings: { 'no-name': 'x' } }),
    ).rejects.toMatchObject({
      code: 'ERR_PUSH_FAILED',
      message: expect.stringMatching(/^push failed with status 400, .*no-name/),
    });
  });

  async function pushed(name: string): Promise<string[]> {
    const lines = (await (await fetch(`${url}/metrics`)).text()).split('\n');
    return lines.filter((line) => new RegExp(`^${name}\\{`).test(line)).sort();
  }
});

describe('of an HTTP request', () => {
  test.each(['push', 'pushAdd', 'delete'] as const)('%s sends what prom-client sends', async (method) => {
    const seen: unknown[] = [];
    const url = await serve(async (request, response) => {
      const { method, url, headers } = request;
      seen.push([method, url, headers.authorization, headers['x-mine'], await bodyOf(request)]);
      response.end('done');
    });
    const at = `${url.replace('//', '//user:p%40ss@')}/base`;
    const options = { headers: { 'Content-Encoding': 'gzip', 'X-Mine': '1' }, timeout: 10_000 };
    const params = { jobName: 'a job&', groupings: { 'k e': 'v&', n: '1' } };
    const numbers = { jobName: 7, groupings: { shard: 2 } } as never;

    const answers = [
      await new Pushgateway(at, structuredClone(options))[method](params),
      await new Judge(at, structuredClone(options))[method](params),
      await new Pushgateway(at, { requireJobName: false })[method](),
      await new Judge(at, { requireJobName: false })[method]({} as never),
      await new Pushgateway(at)[method](numbers),
      await new Judge(at)[method](numbers),
    ];

    expect(seen[0]).toEqual([
      { push: 'PUT', pushAdd: 'POST', delete: 'DELETE' }[method],
      '/base/metrics/job/a%20job%26/k%20e/v%26/n/1',
      `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
      '1',
      method === 'delete' ? '' : '\n',
    ]);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[3]).toEqual(seen[2]);
    expect(seen[5]).toEqual(seen[4]);
    for (const { body, resp } of answers) {
      expect(body).toBe('done');
      expect((resp as IncomingMessage).statusCode).toBe(200);
    }
  });

  test('the content type is that of the registry, unless the options have one', async () => {
    const types: unknown[] = [];
    const url = await serve((request, response) => {
      types.push(request.headers['content-type']);
      response.end();
    });

    await new Pushgateway(url).push({ jobName: 'a' });
    await new Pushgateway(url, null, new Registry(openMetricsContentType)).push({ jobName: 'a' });
    await new Pushgateway(url, { headers: { 'content-type': 'text/plain' } }).push({ jobName: 'a' });
    await new Pushgateway(url).delete({ jobName: 'a' });

    expect(types).toEqual([register.contentType, openMetricsContentType, 'text/plain', undefined]);
  });

  test.each(['push', 'pushAdd', 'delete'] as const)(
    '%s calls what mocks of prom-client and of its successor look at',
    (method) => {
      const answer = { on: vi.fn(), write: vi.fn(), end: vi.fn() };
      const request = vi.spyOn(http, 'request').mockReturnValue(answer as never);
      const options = { headers: { 'X-Mine': '1' }, timeout: 5 };
      void new Pushgateway('http://user:secret@host:9091/path', options)[method]({ jobName: 'a&b' });

      const [first, second] = request.mock.calls[0] as unknown as [URL & RequestOptions, RequestOptions];
      const verb = { push: 'PUT', pushAdd: 'POST', delete: 'DELETE' }[method];
      expect(first).toBeInstanceOf(URL);
      expect(`${first}`).toBe('http://user:secret@host:9091/path/metrics/job/a%26b');
      expect(first.pathname).toBe('/path/metrics/job/a%26b');
      expect(first).toMatchObject({
        ...{ path: '/path/metrics/job/a%26b', auth: 'user:secret', method: verb },
        ...options,
      });
      expect(second).toEqual({ ...options, method: verb });
      expect(options).toEqual({ headers: { 'X-Mine': '1' }, timeout: 5 });
      request.mockRestore();
    },
  );

  test('a query of the URL is kept', async () => {
    const url = await serve((request, response) => response.end(request.url));

    expect((await new Pushgateway(`${url}/?token=1`).push({ jobName: 'a' })).body).toBe(
      '/metrics/job/a?token=1',
    );
  });
});

describe('errors', () => {
  test('a missing job name is thrown at once, and nothing is sent', () => {
    for (const gateway of [new Pushgateway('http://127.0.0.1:9'), new Judge('http://127.0.0.1:9')]) {
      for (const method of ['push', 'pushAdd', 'delete'] as const) {
        expect(() => gateway[method](undefined as never)).toThrow(/^Missing jobName parameter$/);
        expect(() => gateway[method]({ jobName: '' })).toThrow(/^Missing jobName parameter$/);
      }
    }
    expect(() => new Pushgateway('http://127.0.0.1:9').push()).toThrow(
      expect.objectContaining({ code: 'ERR_JOB_NAME_MISSING' }),
    );
  });

  test('a status of 400 and above rejects with the text of the answer, as in prom-client', async () => {
    const url = await serve((_, response) => response.writeHead(503).end('not now'));
    const message = 'push failed with status 503, not now';

    await expect(new Judge(url).push({ jobName: 'a' })).rejects.toThrow(message);
    await expect(new Pushgateway(url).push({ jobName: 'a' })).rejects.toMatchObject({
      code: 'ERR_PUSH_FAILED',
      message,
    });
  });

  test('silence for longer than the timeout rejects, as in prom-client', async () => {
    const url = await serve(() => undefined);
    const message = 'Pushgateway request timed out';

    await expect(new Judge(url, { timeout: 50 }).push({ jobName: 'a' })).rejects.toThrow(message);
    for (const method of ['push', 'pushAdd', 'delete'] as const) {
      await expect(new Pushgateway(url, { timeout: 50 })[method]({ jobName: 'a' })).rejects.toMatchObject({
        code: 'ERR_PUSH_TIMEOUT',
        message,
      });
    }
  });

  test('no connection is an error of Node', async () => {
    await expect(
      new Pushgateway(`http://127.0.0.1:${await freePort()}`).push({ jobName: 'a' }),
    ).rejects.toThrow(expect.objectContaining({ code: 'ECONNREFUSED' }));
  });

  test('an answer that breaks off rejects', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'Content-Length': 100 }).write('half');
      response.socket?.destroySoon();
    });

    await expect(new Pushgateway(url).push({ jobName: 'a' })).rejects.toThrow(
      expect.objectContaining({ code: 'ECONNRESET' }),
    );
  });

  test('what a collect function throws rejects, and the connection is not left open', async () => {
    let ended: Promise<unknown> | undefined;
    const url = await serve(
      () => undefined,
      (closed) => {
        ended = closed;
      },
    );
    const registry = new Registry();
    new Counter({
      name: 'failing_total',
      help: 'h',
      registers: [registry],
      async collect() {
        while (ended === undefined) await new Promise(setImmediate);
        throw new Error('no rows');
      },
    });

    await expect(new Pushgateway(url, registry).push({ jobName: 'a' })).rejects.toThrow('no rows');
    await ended;
  });

  test.each(['', 'gateway:9091', 'ftp://gateway', undefined])('the URL %o is no URL', async (url) => {
    await expect(new Pushgateway(url as string).push({ jobName: 'a' })).rejects.toMatchObject({
      code: 'ERR_PUSHGATEWAY_URL',
      name: 'TypeError',
    });
  });
});

/** A server that ends with the test; its URL. */
async function serve(
  listener: RequestListener,
  connected: (closed: Promise<unknown>) => void = () => undefined,
): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  server.on('connection', (socket) => connected(once(socket, 'close')));
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function bodyOf(request: IncomingMessage): Promise<string> {
  return text(request.headers['content-encoding'] === 'gzip' ? request.pipe(createGunzip()) : request);
}

async function freePort(): Promise<number> {
  const server = createSocketServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
