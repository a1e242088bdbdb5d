import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Registry } from '../../src/index';
import { optionsOf, otherRuntimes, pathOf } from '../http/support/runtimes';
import { keyOf, valuesOf } from '../multiprocess/support/exposition';
import { startApplication } from '../third-party/application';
import { installation } from './installation';
import type { Case, Requests } from './requests';
import { shapes } from './shapes';

const wanted = process.env['THIRD_PARTY'] === '1' || process.env['CI'] === 'true';

/** The code that docs/formats.md has for a framework. */
function snippetOf(framework: string): string {
  const document = readFileSync(join(__dirname, '..', '..', 'docs', 'formats.md'), 'utf8');
  const row = document
    .split('\n')
    .find((line) => line.startsWith('| ') && line.split('|')[1]?.includes(framework));
  const codes = [...(row ?? '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
  return codes.filter((code) => /[(;]/.test(code)).join('\n');
}

const express: Requests = [
  ['GET /', 'GET / 200'],
  ['GET /users/7', 'GET /users/:id 200'],
  ['HEAD /users/7', 'HEAD /users/:id 200'],
  ['PUT /users/7', 'PUT /users/:id 200'],
  ['DELETE /users/7', 'DELETE __not_found__ 404'],
  ['OPTIONS /users/7', 'OPTIONS  200'],
  ['GET /USERS/7/?x=1', 'GET /users/:id 200'],
  ['GET /users/%20', 'GET /users/:id 200'],
  ['GET /one', 'GET /one 200'],
  ['GET /two/2', 'GET /two/:name 200'],
  ['GET /expression/12', String.raw`GET ^\/expression\/(\d+)$ 200`],
  ['GET /throws/1', 'GET /throws/:id 500'],
  ['GET /rejects/1', 'GET /rejects/:id 500'],
  ['GET /next/1', 'GET __not_found__ 404'],
  ['GET /stream/1', 'GET /stream/:id 200'],
  ['GET /static/serve.cjs', 'GET /static 200'],
  ['GET /static/none', 'GET __not_found__ 404'],
  ['POST /graphql', 'POST /graphql 200'],
  ['GET /api/acme/v1/items', 'GET /api/:tenant/v1/items 200'],
  ['GET /api/items/v1/items/items', 'GET /api/:tenant/v1/items/:item 200'],
  ['GET /api/v1/v1/items/api', 'GET /api/:tenant/v1/items/:item 200'],
  ['GET /api/acme/v1/items/9/boom', 'GET /api/:tenant/v1/items/:item/boom 503'],
  ['GET /api/acme/v1/late', 'GET /api/:tenant/v1/late 500'],
  ['GET /first/twice/1', 'GET /first/twice/:id 200'],
  ['GET /second/twice/1', 'GET /second/twice/:id 200'],
  ['GET /third/x/twice/1', 'GET /third/:part/twice/:id 200'],
  ['GET /admin/users/deep/3', 'GET /admin/:section/deep/:n 200'],
  ['GET /admin/users/routers/deeper/3', 'GET /admin/:section/routers/deeper/:n 200'],
  ['GET /outer/around/1/inside/2', 'GET /outer/around/:o/inside/:n 200'],
  ['GET /none', 'GET __not_found__ 404'],
];
const cased = (pattern: string): Requests => [['GET /CASE/sensitive/2', `GET ${pattern} 200`]];
const nest: Requests = [
  ['GET /api/v2/cats', 'GET /api/v2/cats 200'],
  ['GET /api/v2/cats/7', 'GET /api/v2/cats/:cat 200'],
  ['HEAD /api/v2/cats/7', 'HEAD /api/v2/cats/:cat 200'],
  ['GET /api/v2/cats/7/refused', 'GET /api/v2/cats/:cat/refused 418'],
  ['GET /api/v2/cats/7/fails', 'GET /api/v2/cats/:cat/fails 500'],
  ['GET /health', 'GET /health 200'],
  ['GET /none', 'GET __not_found__ 404'],
];
const fastify: Requests = [
  ['GET /', 'GET / 200'],
  ['GET /users/1', 'GET /users/:id 200'],
  ['HEAD /users/1', 'HEAD /users/:id 200'],
  ['POST /users/1', 'POST /users/:id 400'],
  ['PUT /users/1', 'PUT __not_found__ 404'],
  ['GET /throws/1', 'GET /throws/:id 500'],
  ['GET /hijacked/1', 'GET /hijacked/:id 200'],
  ['GET /wild/a/b', 'GET /wild/* 200'],
  ['GET /api/a/v1/items/2', 'GET /api/:tenant/v1/items/:item 200'],
  ['GET /api/a/v1/items/2?denied=1', 'GET /api/:tenant/v1/items/:item 403'],
  ['GET /api/a/v1/none', 'GET __not_found__ 404'],
  ['GET /none', 'GET __not_found__ 404'],
  ['GET /%zz', 'GET  400'],
];
const koa: Requests = [
  ['GET /', 'GET / 200'],
  ['GET /users/1', 'GET /users/:id 200'],
  ['PUT /users/1', 'PUT /users/:id 200'],
  ['DELETE /users/1', 'DELETE /users/:id 405'],
  ['OPTIONS /users/1', 'OPTIONS /users/:id 200'],
  ['GET /users/1?denied=1', 'GET  403'],
  ['GET /api/t/v1/items', 'GET /api/:tenant/v1/items 200'],
  ['GET /api/t/v1/items/3', 'GET /api/:tenant/v1/items/:item 200'],
  ['GET /api/t/v1/items/3/boom', 'GET /api/:tenant/v1/items/:item/boom 500'],
  ['GET /mounted/v2/items/3', 'GET /mounted/v2/items/:item 200'],
  ['GET /mounted/v2/items/3/boom', 'GET /mounted/v2/items/:item/boom 500'],
  ['GET /mounted/v2/none', 'GET __not_found__ 404'],
  ['GET /mounted/none', 'GET __not_found__ 404'],
  ['GET /none', 'GET __not_found__ 404'],
];
/** Nest 12 registers a route for its middleware on Express. */
const nestNotFound = (route: string): Requests => [
  ['POST /api/v2/cats/7', `POST ${route} 404`],
  ['GET /api/none', `GET ${route} 404`],
];

const cases: readonly Case[] = [
  ...shapes,
  [
    'express.cjs',
    'express-4',
    [...express, ['GET /wild/a/b', 'GET /wild/* 200'], ...cased('/Case/Sensitive/:id')],
  ],
  // Its router keeps no paths of mounts; they are found in those of the requests, and the case of their letters is lost.
  [
    'express.cjs',
    'express-5.1',
    [...express, ['GET /wild/a/b', 'GET /wild/*rest 200'], ...cased('/case/Sensitive/:id')],
  ],
  [
    'express.cjs',
    'express-5',
    [...express, ['GET /wild/a/b', 'GET /wild/*rest 200'], ...cased('/Case/Sensitive/:id')],
  ],
  ['fastify.cjs', 'fastify-4', fastify],
  ['fastify.cjs', 'fastify', fastify],
  ['koa.cjs', 'koa-2', koa],
  ['koa.cjs', '', koa],
  [
    'hono.mjs',
    '',
    [
      ['GET /', 'GET / 200'],
      ['GET /users/1', 'GET /users/:id 200'],
      ['DELETE /users/1', 'DELETE __not_found__ 404'],
      ['PUT /all/1', 'PUT /all/:id 200'],
      ['GET /guard/1', 'GET /guard/:id 200'],
      ['GET /guard/1?denied=1', 'GET /guard/:id 403'],
      ['GET /throws/1', 'GET /throws/:id 500'],
      ['GET /stream/1', 'GET /stream/:id 200'],
      ['GET /api/a/items/2', 'GET /api/:tenant/items/:item 200'],
      ['GET /none', 'GET __not_found__ 404'],
    ],
  ],
  [
    'h3.mjs',
    '',
    [
      ['GET /', 'GET / 200'],
      ['GET /users/1', 'GET /users/:id 200'],
      ['GET /throws/1', 'GET /throws/:id 500'],
      ['GET /api/items/2', 'GET /api/items/:item 200'],
      ['GET /none', 'GET __not_found__ 404'],
    ],
  ],
  ['nest.cjs', 'nest-10 express', [...nest, ...nestNotFound('__not_found__')]],
  ['nest.cjs', 'nest-10 fastify', [...nest, ...nestNotFound('__not_found__')]],
  ['nest.cjs', 'nest-11 express', [...nest, ...nestNotFound('__not_found__')]],
  ['nest.cjs', 'nest-11 fastify', [...nest, ...nestNotFound('__not_found__')]],
  ['nest.cjs', 'nest-12 express', [...nest, ...nestNotFound('/api*path')]],
  ['nest.cjs', 'nest-12 fastify', [...nest, ...nestNotFound('__not_found__')]],
  [
    'next.mjs',
    snippetOf('next'),
    [
      ['GET /', 'GET / 200'],
      ['GET /metrics', 'GET /metrics 200'],
      ['GET /posts/7', 'GET /posts/[id] 200'],
      ['GET /posts/7?denied=1', 'GET  403'],
      ['GET /posts/7/missing', 'GET /posts/[id]/missing 404'],
      ['GET /rewritten/3', 'GET /posts/[id] 200'],
      ['GET /configured/3', 'GET /posts/[id] 200'],
      ['GET /moved/3', 'GET  308'],
      ['GET /shop/a/b', 'GET /shop/[...slug] 200'],
      ['GET /shop', 'GET __not_found__ 404'],
      ['GET /docs', 'GET /docs/[[...slug]] 200'],
      ['GET /docs/a/b', 'GET /docs/[[...slug]] 200'],
      ['GET /about', 'GET /about 200'],
      ['GET /old/3', 'GET /old/[id] 200'],
      ['GET /api/old/3', 'GET /api/old/[id] 201'],
      ['OPTIONS /api/items/7', 'OPTIONS /api/items/[item] 204'],
      ['GET /_next/static/none.js', 'GET __not_found__ 404'],
      ['GET /api/items/7', 'GET /api/items/[item] 200'],
      ['POST /api/items/7', 'POST /api/items/[item] 405'],
      ['GET /api/fails/7', 'GET /api/fails/[item] 500'],
      ['GET /none', 'GET __not_found__ 404'],
    ],
  ],
];

describe.skipIf(!wanted)('frameworks (only with THIRD_PARTY=1 or CI=true)', { timeout: 180_000 }, () => {
  let directory: string;
  beforeAll(() => {
    directory = installation();
  }, 300_000);

  /** Sends the requests, and returns the counts as they are and as they must be. */
  async function count([app, argument, requests]: Case, runtime?: string) {
    const options = runtime && { execPath: runtime, execArgv: optionsOf(runtime) };
    const { child, port } = await startApplication(join(directory, 'apps', app), argument, options || {});
    const expected = new Map<string, number>();
    for (const [line, counted] of requests) {
      await send(port, line);
      expected.set(counted, (expected.get(counted) ?? 0) + 1);
    }
    return { port, expected, counts: async () => new Map(await countsOf(child)) };
  }

  test.each(cases)('%s %s: each request counts under its route', async (app, argument, requests) => {
    const { port, expected, counts } = await count([app, argument, requests]);

    await vi.waitFor(async () => expect(await counts()).toEqual(expected));
    if (app !== 'next.mjs') return;
    expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toContain('served_total 1');
  });

  describe.each(otherRuntimes)('in %s', (name) => {
    let runtime: string;
    beforeAll(() => {
      runtime = pathOf(name);
    }, 300_000);
    const others = cases.filter(([app, argument]) => app !== 'next.mjs' && !/^nest-11/.test(argument));

    test.each(others)('%s %s: each request counts under its route', async (...one) => {
      const { expected, counts } = await count(one, runtime);

      await vi.waitFor(async () => expect(await counts()).toEqual(expected));
    });
  });

  test.each(['node:http', 'express', 'fastify', 'koa', 'hono', 'nest'])(
    'the line of the documents for %s serves metrics in each format',
    async (framework) => {
      const argument = JSON.stringify({ framework, snippet: snippetOf(framework) });
      const { port } = await startApplication(join(directory, 'apps', 'metrics.cjs'), argument);
      const ask = async (accept: string): Promise<readonly [type: string | null, body: string]> => {
        const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { accept } });
        expect(answer.status).toBe(200);
        return [answer.headers.get('content-type'), await answer.text()];
      };

      const [textType, text] = await ask('text/plain');
      expect(textType).toBe('text/plain; version=0.0.4; charset=utf-8');
      expect(text).toContain('\nserved_total 1\n');
      const [protobufType, protobuf] = await ask(Registry.PROMETHEUS_PROTOBUF_CONTENT_TYPE);
      expect(protobufType).toBe(Registry.PROMETHEUS_PROTOBUF_CONTENT_TYPE);
      expect(protobuf).toContain('served_total');
    },
  );

  test.each(['express', 'fastify'])(
    'the demo of four workers with %s has exact totals',
    async (framework) => {
      const service = fork(join(__dirname, '..', '..', 'examples', 'polls', 'server.mjs'), [], {
        cwd: directory,
        env: { PATH: process.env['PATH'], NODE_ENV: 'test', FRAMEWORK: framework, METRICS_PORT: '0' },
        execArgv: [],
        stdio: 'inherit',
      });
      const exited = once(service, 'exit');
      onTestFinished(async () => {
        service.kill('SIGTERM');
        await exited;
      });
      let url = '';
      service.on('message', (message: { url: string; workers: readonly unknown[] }) => {
        if (message.workers.length === 4) url = message.url;
      });
      await vi.waitUntil(() => url !== '', { timeout: 60_000 });
      const pages = ['2xx_success', '4xx_not_found', '5xx_exception'];
      const visits = Array.from({ length: 60 }, (_, i) => `${url}/polls/${pages[i % 3]}/`);
      await Promise.all(
        visits.map(async (page) => await (await fetch(page, { headers: { connection: 'close' } })).text()),
      );

      const expected = [
        ['2xx_success', '200'],
        ['4xx_not_found', '404'],
        ['5xx_exception', '500'],
      ].flatMap(([page, status]) => {
        const labels = { service: 'polls', method: 'GET', endpoint: `/polls/${page}/`, status: `${status}` };
        return ['request_count', 'request_latency_seconds_count'].map((name) => [
          keyOf({ name, labels }),
          20,
        ]);
      });
      await vi.waitFor(async () => {
        const values = valuesOf(await (await fetch(`${url}/metrics`)).text());
        const counted = [...values].filter(([key]) => /^request_(count|latency_seconds_count)/.test(key));
        expect(Object.fromEntries(counted)).toEqual(Object.fromEntries(expected));
      });
    },
  );
});

/** The path is sent as it is, malformed ones too. */
async function send(port: number, line: string): Promise<void> {
  const [method, path, header] = line.split(' ');
  const headers = header ? Object.fromEntries([header.split('=')]) : {};
  const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: false }).end();
  const [response] = await once(sent, 'response');
  response.resume();
  await once(response, 'end');
}

async function countsOf(child: ChildProcess): Promise<[string, number][]> {
  child.send('counts');
  const [counts] = await once(child, 'message');
  return counts;
}
