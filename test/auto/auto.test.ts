import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Project } from '../adoption/support/project';
import { listensOn } from '../http/support/listening';
import { otherRuntimes, pathOf } from '../http/support/runtimes';
import { newDirectory, segmentsIn } from '../multiprocess/support/directories';
import { freePort } from '../third-party/free-port';

// Applications as users have them, in projects of their own. They print the port that they listen on.
const project = new Project({
  'plain.mjs': `
    import http from 'node:http';
    const server = http.createServer((request, response) => response.end('ok'));
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));`,
  'prom-client.cjs': `
    const http = require('node:http');
    const client = require('prom-client');
    client.collectDefaultMetrics();
    const own = new client.Counter({ name: 'own_total', help: 'h' });
    const server = http.createServer(async (request, response) => {
      if (request.url === '/metrics') return response.end(await client.register.metrics());
      own.inc();
      response.end('ok');
    });
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));`,
  'late.cjs': `
    const http = require('node:http');
    const server = http.createServer((request, response) => response.end('ok'));
    server.listen(0, '127.0.0.1', () => {
      const client = require('prom-client');
      client.collectDefaultMetrics();
      new client.Counter({ name: 'http_requests_total', help: 'h' }).inc(1000);
      console.log(server.address().port);
    });`,
  'taken.cjs': `
    const http = require('node:http');
    const client = require('prom-client');
    new client.Histogram({ name: 'http_request_duration_seconds', help: 'h', labelNames: ['path'] });
    const server = http.createServer((request, response) => response.end('ok'));
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));`,
  'cluster.mjs': `
    import cluster from 'node:cluster';
    import http from 'node:http';
    if (cluster.isPrimary) {
      for (let i = 0; i < 3; i++) cluster.fork();
      cluster.on('listening', (worker, { port }) => console.log(port));
    } else {
      http.createServer((request, response) => response.end('ok')).listen(0, '127.0.0.1');
    }`,
  'setup.mjs': `
    import cluster from 'node:cluster';
    cluster.setupPrimary({ exec: 'plain.mjs' });
    cluster.fork();`,
  'threads.mjs': `
    import { Worker } from 'node:worker_threads';
    new Worker(new URL('plain.mjs', import.meta.url), { execArgv: ['--import', 'prom-client-mmap/auto'] });`,
  'thread.mjs': `
    import http from 'node:http';
    import { isMainThread, Worker } from 'node:worker_threads';
    if (isMainThread) {
      new Worker(new URL(import.meta.url));
    } else {
      const server = http.createServer((request, response) => response.end('ok'));
      server.listen(0, '127.0.0.1', () => console.log(server.address().port));
    }`,
  'http2.mjs': `
    import http2 from 'node:http2';
    const server = http2.createServer((request, response) => response.end('ok'));
    server.listen(0, '127.0.0.1', () => {
      console.log(server.address().port);
      const session = http2.connect('http://127.0.0.1:' + server.address().port);
      session.request({ ':path': '/' }).resume().on('close', () => session.close());
    });`,
  'short.mjs': `console.log('done')`,
  'unix.mjs': `
    import http from 'node:http';
    const server = http.createServer().listen(process.argv[2], () => { console.log('done'); server.close(); });`,
  'serves.test.mjs': `
    import http from 'node:http';
    import { test } from 'node:test';
    test('serves', async () => {
      const server = http.createServer((request, response) => response.end('ok')).listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      await (await fetch('http://127.0.0.1:' + server.address().port)).text();
      server.close();
    });`,
  'waits.mjs': `
    console.log('waiting');
    process.stdin.resume().once('end', () => process.exit());`,
});
project.install();
project.link('prom-client');

const importing = ['--import', 'prom-client-mmap/auto'];
const wanted = process.env['THIRD_PARTY'] === '1' || process.env['CI'] === 'true';
const hasOthers = wanted && otherRuntimes.length > 0;
let directory: string;
let port: number;

beforeEach(async () => {
  directory = join(newDirectory(), 'metrics');
  port = await freePort();
});

describe('an application', () => {
  test.each([
    importing,
    ['-r', 'prom-client-mmap/auto'],
    ['--import', join(project.directory, 'node_modules/prom-client-mmap/dist/auto/index.js')],
    ['--watch', ...importing],
  ])('started with %s %s has metrics of the process and of its requests', async (...options) => {
    const application = await start(options, 'plain.mjs');
    for (let i = 0; i < 3; i++) await application.get('/');

    const text = await shown(/http_requests_total\{method="GET",route="",status_code="200"\} 3\n/);
    expect(text).toContain('\nhttp_requests_in_progress{method="GET"} 0\n');
    expect(text).toContain('\nprocess_cpu_seconds_total ');
  });

  test('that uses prom-client has one registry with its own metrics and those of its requests', async () => {
    const application = await start(importing, 'prom-client.cjs');
    for (let i = 0; i < 3; i++) await application.get('/');
    const served = await shown(/http_requests_total\{.*\} 3\n/);
    const own = await application.get('/metrics');

    for (const text of [served, own]) {
      expect(text).toMatch(/^own_total 3$/m);
      expect(text).toMatch(/^http_requests_total\{.*\} 3$/m);
      expect(text.match(/^# TYPE process_cpu_seconds_total/gm)).toHaveLength(1);
    }
    expect(application.output).not.toContain('Warning');
  });

  test('whose modules define metrics after it serves keeps those', async () => {
    await start(importing, 'late.cjs');

    expect(await shown(/^http_requests_total 1000$/m)).toContain('process_cpu_seconds_total');
  });

  test('that has a metric of such a name keeps it, with a warning', async () => {
    const application = await start(importing, 'taken.cjs');
    await application.get('/');

    const text = await shown(/process_cpu_seconds_total/);
    expect(text).not.toContain('http_requests_total');
    expect(application.output).toContain('[ERR_METRIC_DIFFERS]');
    const prefixed = await start(importing, 'taken.cjs', {
      PROM_CLIENT_MMAP_HTTP_PREFIX: 'edge_',
      PROM_CLIENT_MMAP_HTTP_PRESET: 'otel',
      PROM_CLIENT_MMAP_DIR: directory,
    });
    await prefixed.get('/');
    await shown(/edge_http_server_request_duration_seconds_count\{.*\} 1\n/);
  });

  test('of several cluster workers has one server, and its primary never listens', async () => {
    const application = await start(importing, 'cluster.mjs', { NODE_DEBUG: 'prom-client-mmap' });
    for (let i = 0; i < 30; i++) await application.get('/');
    await shown(/http_requests_total\{.*\} 30\n/);
    // The primary begins by its age.
    await vi.waitUntil(
      () => /seconds of life: default metrics, HTTP metrics; group/.test(application.output),
      {
        timeout: 15_000,
      },
    );

    expect(listensOn(port, application.child.pid)).toBe(false);
    await shown(/http_requests_total\{.*\} 30\n/);
  });

  test.each([
    [importing, 'setup.mjs'],
    [importing, 'thread.mjs'],
    [importing, 'threads.mjs'],
    [[], 'threads.mjs'],
  ])('with the options %j that serves by %s is counted there', async (options, file) => {
    const application = await start(options, file);
    await application.get('/');

    await shown(/http_requests_total\{.*\} 1\n/);
  });

  test('of HTTP/2 is counted', async () => {
    await start(importing, 'http2.mjs');

    await shown(/http_requests_total\{.*\} 1\n/);
  });

  test('that never serves has metrics after five seconds', async () => {
    await start(importing, 'waits.mjs');

    await shown(/process_cpu_seconds_total/);
  });

  test.skipIf(!hasOthers).each([
    ['bun', ['--preload', 'prom-client-mmap/auto']],
    ['deno', ['run', '--allow-all', '--preload', './node_modules/prom-client-mmap/dist/auto/index.js']],
  ])(
    'in %s begins when it listens, too, and is asked for its gauges',
    { timeout: 300_000 },
    async (name, options) => {
      const application = await start(options, 'plain.mjs', {}, pathOf(name));
      await application.get('/');

      const text = await shown(/http_requests_total\{.*\} 1\n/);
      expect(text).toMatch(/^process_resident_memory_bytes [1-9]\d+$/m);
      // On a busy machine it is late now and then.
      await expect.poll(() => shown(/./)).not.toContain('prom_client_mmap_late_owners');
    },
  );

  test('may have the name of a tool', async () => {
    project.write('parcel.mjs', readFileSync(join(project.directory, 'plain.mjs'), 'utf8'));
    const application = await start(importing, 'parcel.mjs');
    await application.get('/');

    await shown(/http_requests_total\{.*\} 1\n/);
  });

  test('begins with a warning where the environment says neither yes nor no', async () => {
    const application = await start(importing, 'plain.mjs', { PROM_CLIENT_MMAP_AUTO: 'never' });
    await application.get('/');

    await shown(/http_requests_total\{.*\} 1\n/);
    expect(application.output).toContain(
      "[ERR_OPTION_VALUE] PromClientMmapWarning: Expected PROM_CLIENT_MMAP_AUTO to be 'off', 'always' or empty, but got 'never'",
    );
  });

  test('says in one line of NODE_DEBUG what has begun', async () => {
    const application = await start(importing, 'plain.mjs', { NODE_DEBUG: 'prom-client-mmap' });
    await shown(/process_cpu/);

    expect(application.output.match(/prom-client-mmap \d+\.\d+\.\d+, an HTTP server listens: .*/g)).toEqual([
      expect.stringMatching(/: default metrics, HTTP metrics, the server; group .*metrics$/),
    ]);
  });

  test('runs only the parts that the environment has left on', async () => {
    const application = await start(importing, 'plain.mjs', {
      PROM_CLIENT_MMAP_AUTO_DEFAULT_METRICS: '0',
      PROM_CLIENT_MMAP_AUTO_HTTP: 'maybe',
    });
    await application.get('/');

    const text = await shown(/http_requests_total\{.*\} 1\n/);
    expect(text).not.toContain('process_cpu_seconds_total');
    expect(application.output).toContain('[ERR_OPTION_VALUE]');
  });
});

describe('nothing happens, neither a directory nor a port', () => {
  const npm = join(dirname(process.execPath), 'npm');
  test.each<[string, readonly string[], Readonly<Record<string, string>>]>([
    ['in a short script', [...importing, 'short.mjs'], {}],
    ['with -e', [...importing, '-e', 'setTimeout(() => {}, 100)'], {}],
    ['with --check', [...importing, '--check', 'short.mjs'], {}],
    ['on a Unix socket', [...importing, 'unix.mjs', 'application.sock'], {}],
    [
      'in a test of node:test that serves',
      ['--test', 'serves.test.mjs'],
      { NODE_OPTIONS: importing.join(' ') },
    ],
    ['in npm', [npm, '--version'], { NODE_OPTIONS: importing.join(' ') }],
    ['in npm run', [npm, 'run'], { NODE_OPTIONS: importing.join(' ') }],
    ['in a tool that serves', [...importing, 'node_modules/.bin/vite.mjs'], {}],
    ...['off', '0', 'False'].map((off): [string, string[], Record<string, string>] => [
      `when it is ${off}`,
      [...importing, 'plain.mjs', 'end'],
      { PROM_CLIENT_MMAP_AUTO: off },
    ]),
  ])('%s', async (_, args, env) => {
    project.write(
      'node_modules/.bin/vite.mjs',
      `import http from 'node:http';
       const server = http.createServer().listen(0, '127.0.0.1', () => server.close());`,
    );
    const child = run(args, env);
    if (args.includes('end')) await once(child.child.stdout ?? child.child, 'data');
    if (args.includes('end')) child.child.kill();
    await once(child.child, 'close');

    expect(existsSync(directory), child.output).toBe(false);
    expect(child.output).not.toMatch(/Error|Warning/);
  });

  test('in the commands of this library, which look at an application in its environment', async () => {
    const application = await start(importing, 'plain.mjs');
    await application.get('/');
    await shown(/http_requests_total\{.*\} 1\n/);
    const program = 'node_modules/prom-client-mmap/bin/prom-client-mmap.mjs';
    const serve = run([...importing, program, 'serve', directory, '--port', '0'], {
      NODE_DEBUG: 'prom-client-mmap',
    });
    await vi.waitUntil(() => serve.output.includes('Serving'), { timeout: 60_000 });
    await fetch(/http:\S+/.exec(serve.output)?.[0] ?? '');

    expect(serve.output).not.toContain('an HTTP server listens');
    expect(segmentsIn(directory)).toHaveLength(1);
  });

  test('but PROM_CLIENT_MMAP_AUTO=always begins at once', async () => {
    run([...importing, 'waits.mjs'], { PROM_CLIENT_MMAP_AUTO: 'always' });

    await shown(/process_cpu_seconds_total/);
  });
});

interface Run {
  readonly child: ChildProcess;
  readonly output: string;
}

interface Application extends Run {
  get(path: string): Promise<string>;
}

/** Runs Node, or another runtime, in the project; the process ends with the test. */
function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  runtime = process.execPath,
): Run {
  const child = spawn(runtime, args, {
    cwd: project.directory,
    env: {
      PATH: process.env['PATH'],
      HOME: project.directory,
      PROM_CLIENT_MMAP_DIR: directory,
      PROM_CLIENT_MMAP_PORT: `${port}`,
      ...env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await closed;
  });
  const state = { child, output: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      state.output += text;
    });
  }
  return state;
}

/** Starts an application and waits until it listens. */
async function start(
  options: readonly string[],
  file: string,
  env: Readonly<Record<string, string>> = {},
  runtime?: string,
): Promise<Application> {
  const state = run([...options, file], env, runtime);
  await vi.waitUntil(() => /^(\d+|waiting)\n/m.test(state.output), { timeout: 15_000 });
  const own = /^(\d+)$/m.exec(state.output)?.[1];
  const get = async (path: string): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${own}${path}`, { headers: { connection: 'close' } });
    return await response.text();
  };
  return Object.assign(state, { get });
}

/** The exposition of the server, as soon as it matches. */
async function shown(pattern: RegExp): Promise<string> {
  let text = '';
  await vi.waitFor(
    async () => {
      const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { connection: 'close' } });
      text = await response.text();
      expect(text).toMatch(pattern);
    },
    { timeout: 15_000, interval: 50 },
  );
  return text;
}
