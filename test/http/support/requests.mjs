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
import { handle } from './exchanges/handlers.mjs';
import { clients } from './exchanges/http1.mjs';
import { sessions } from './exchanges/http2.mjs';

const require = createRequire(import.meta.url);
const { register } = require('../../../index.js');
const { instrumentHttp } = require('../../../dist/http/index.js');

process.env.PROM_CLIENT_MMAP_SHARED = '0';
instrumentHttp();
process.on('uncaughtException', (error) => {
  if (error.message !== 'thrown on purpose') throw error;
});

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
const limits = { requestTimeout: 300, headersTimeout: 250 };
const timeouts = { connectionsCheckingInterval: 20, ...limits };
/** For all cases but those of the limits: on a busy machine a client may need long. */
const longLimits = { requestTimeout: 60_000, headersTimeout: 60_000 };

const protocols = {
  http: { make: () => http.createServer(timeouts, handle), cases: clients, connect: plain },
  https: {
    make: () => https.createServer({ ...timeouts, ...certificate() }, handle),
    cases: clients,
    connect: encrypted,
  },
  'HTTP/1 beside HTTP/2': {
    make: () => http2.createSecureServer({ ...certificate(), allowHTTP1: true, ...timeouts }, handle),
    cases: clients,
    connect: encrypted,
    // Such a server does not check the times of requests, and knows no connections; in Bun it has no time-out, either.
    without: process.versions.bun
      ? /too long|never end|all connections|more requests|the server gives up/
      : /too long|never end|all connections|more requests/,
  },
  h2c: { make: () => http2.createServer(handle), cases: sessions, url: 'http' },
  h2: { make: () => http2.createSecureServer(certificate(), handle), cases: sessions, url: 'https' },
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
    Object.assign(server, /too long|never end/.test(name) ? limits : longLimits);
    const before = await others();
    let session;
    if (connect) await run(connect(port), label, server);
    else {
      const connection =
        url === 'http'
          ? net.connect(port, '127.0.0.1')
          : tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] });
      session = http2.connect(`${url}://127.0.0.1:${port}`, { createConnection: () => connection });
      session.on('error', () => undefined);
      await run(session, label, connection, server);
    }
    await idle();
    results[label] = { ...(await counted(label)), ...difference(await others(), before) };
    session?.destroy();
  }
  server.close();
  server.closeAllConnections?.();
}
rmSync(directory, { recursive: true });
process.stdout.write(JSON.stringify(results), () => process.exit());

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

/** The counts that do not name their case: of the requests that a runtime answers itself, which have no route, and of aborts. */
async function others() {
  return { ...(await counted('')), ...(await counted('__not_found__')), ...(await aborted()) };
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
  const of = (all) => all.filter(({ labels }) => labels.route === route);
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
