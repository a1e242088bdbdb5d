import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { optionsOf, otherRuntimes, pathOf } from './support/runtimes';

// Every way in which an exchange of HTTP can go. A client behaves and misbehaves against servers of all protocols in a process of its
// own, in each runtime of HTTP_RUNTIMES (paths, separated by colons; by default the present one, and with THIRD_PARTY=1 Bun and Deno).

type Counts = Readonly<Record<string, number>>;
type Cases = Readonly<Record<string, Counts>>;

const client = { 'aborted by client': 1 };
const server = { 'aborted by server': 1 };

const ofHttp1: Cases = {
  ok: { 'GET 200': 1 },
  'keep-alive': { 'GET 200': 1, 'GET 204': 1, 'GET 404': 1, 'GET 500': 1 },
  'connection: close': { 'GET 200': 1 },
  'HTTP/1.0': { 'GET 200': 1 },
  HEAD: { 'HEAD 200': 1 },
  'an unusual method': { '_OTHER 200': 1 },
  pipelined: { 'GET 200': 2, 'GET 404': 1 },
  'pipelined, the client goes': { 'GET 499': 3, 'aborted by client': 3 },
  'FIN before headers': { 'GET 499': 1, ...client },
  'half-close': { 'GET 499': 1, ...client },
  'half-close that the server allows': { 'GET 200': 1 },
  'RST before headers': { 'GET 499': 1, ...client },
  'the answer comes after the client has gone': { 'GET 499': 1, ...client },
  'the client goes in mid-stream': { 'GET 200': 1, ...client },
  'the client reads nothing and goes': { 'GET 200': 1, ...client },
  'the handler throws and the client gives up': { 'GET 499': 1, ...client },
  'the server destroys the response': { 'GET 500': 1, ...server },
  'the server destroys the response with an error': { 'GET 500': 1, ...server },
  'the server destroys the request': { 'GET 500': 1, ...server },
  'the server closes all connections': { 'GET 500': 1, ...server },
  'the server destroys the socket in mid-stream': { 'GET 200': 1, ...server },
  'the server gives up': { 'GET 500': 1, ...server },
  'the server gives up in mid-stream': { 'GET 200': 1, ...server },
  'an upload that takes too long': { 'POST 408': 1, ...client },
  'a malformed chunk': { 'POST 400': 1, ...client },
  'an upload': { 'POST 200': 1 },
  'expect: 100-continue': { 'POST 200': 1 },
  'an upload that the client breaks off': { 'POST 499': 1, ...client },
  'an upload that nobody reads': { 'POST 200': 1 },
  'expect: 100-continue, refused': { 'POST 404': 1 },
  'expect: 100-continue, accepted by the application': { 'POST 200': 1 },
  'an unknown expectation': { 'GET 417': 1 },
  'without Host': { 'GET 400': 1 },
  'more requests than a connection may have': { 'GET 200': 1, 'GET 503': 1 },
  'early hints': { 'GET 200': 1 },
  trailers: { 'GET 200': 1 },
  'an upgrade that the application handles': {},
  CONNECT: {},
  'CONNECT that nothing handles': {},
  'headers that are too large': {},
  'headers that never end': {},
  'an upgrade that nothing handles': { 'GET 200': 1 },
  'not HTTP': {},
};

/** TLS has no half-closed connections in Node. */
const ofHttps: Cases = { ...ofHttp1, 'half-close that the server allows': { 'GET 499': 1, ...client } };

const {
  'an upload that takes too long': _times,
  'headers that never end': _ends,
  'the server closes all connections': _all,
  'more requests than a connection may have': _requests,
  ...besideHttp2
} = ofHttps;

const ofHttp2: Cases = {
  ok: { 'GET 200': 1 },
  'many at once': { 'GET 200': 3, 'GET 204': 1, 'GET 404': 1, 'GET 500': 1 },
  HEAD: { 'HEAD 200': 1 },
  'an unusual method': { '_OTHER 200': 1 },
  'the client cancels before headers': { 'GET 499': 1, ...client },
  'the client goes before headers': { 'GET 499': 1, ...client },
  'the client cancels in mid-stream': { 'GET 200': 1, ...client },
  'the server destroys the response': { 'GET 500': 1, ...server },
  'the client resets with an error': { 'GET 499': 1, ...client },
  'the client resets without an error': { 'GET 499': 1, ...client },
  'the client goes in mid-stream': { 'GET 200': 1, ...client },
  'the client reads nothing and goes': { 'GET 200': 1, ...client },
  'the client never ends its request': { 'POST 200': 1 },
  'the server closes the stream in mid-stream': { 'GET 200': 1, ...server },
  'the server cancels before headers': { 'GET 500': 1, ...server },
  'the server destroys the session': { 'GET 500': 1, ...server },
  'the server gives up': { 'GET 500': 1, ...server },
  'early hints': { 'GET 200': 1 },
  trailers: { 'GET 200': 1 },
  'the core API, without a body': { 'GET 204': 1 },
  'a file': { 'GET 200': 1 },
  push: { 'GET 200': 1 },
  'CONNECT that nothing handles': { 'CONNECT 405': 1 },
  'an upload': { 'POST 200': 1 },
};

const protocols: readonly (readonly [protocol: string, expected: Cases])[] = [
  ['http', ofHttp1],
  ['https', ofHttps],
  ['HTTP/1 beside HTTP/2', besideHttp2],
  ['h2c', ofHttp2],
  ['h2', ofHttp2],
];

/** Bun answers these requests itself, without an event. It closes the connection of a handler that has thrown. */
const ofBun1: Cases = {
  'an unknown expectation': {},
  'without Host': {},
  'more requests than a connection may have': { 'GET 200': 1 },
  'the handler throws and the client gives up': { 'GET 500': 1, ...server },
};
/** It tells such a reset by what it tells a stream's destruction by the application. */
const ofBun2: Cases = { 'the client resets without an error': { 'GET 500': 1, ...server } };

/** What is otherwise in a runtime: docs/http.md has the reasons. Undefined: its server cannot do that. */
const deviations: readonly (readonly [
  runtime: RegExp,
  Readonly<Record<string, Readonly<Record<string, Counts | undefined>>>>,
])[] = [
  [/^node (20|22)/, { 'HTTP/1 beside HTTP/2': { 'without Host': { 'GET 200': 1 } } }],
  [/^deno/, { http: { 'the handler throws and the client gives up': { 'GET 400': 1, ...client } } }],
  [
    /^bun/,
    {
      http: ofBun1,
      https: { ...ofBun1, 'half-close that the server allows': { 'GET 200': 1 } },
      'HTTP/1 beside HTTP/2': {
        ...ofBun1,
        'more requests than a connection may have': undefined,
        'without Host': { 'GET 200': 1 },
        'the server gives up': undefined,
        'the server gives up in mid-stream': undefined,
      },
      h2c: ofBun2,
      h2: ofBun2,
    },
  ],
];

/** Runs a program; one that hangs ends before its test does. */
const run = (runtime: string, args: readonly string[]) =>
  promisify(execFile)(runtime, args, { timeout: 100_000, killSignal: 'SIGKILL' });
const wanted = process.env['THIRD_PARTY'] === '1' || process.env['CI'] === 'true';
const runtimes = process.env['HTTP_RUNTIMES']?.split(':') ?? [
  process.execPath,
  ...(wanted ? otherRuntimes : []),
];

describe.each(runtimes)('%s', (name) => {
  const options = optionsOf(name);
  let runtime: string;
  beforeAll(() => {
    runtime = pathOf(name);
  }, 300_000);

  test.each(protocols)(
    '%s: every request is counted once, with its status and its duration, and none stays in progress',
    async (protocol, cases) => {
      const version = (await run(runtime, [...options, join(__dirname, 'support', 'version.mjs')])).stdout;
      const { stdout } = await run(runtime, [
        ...options,
        join(__dirname, 'support', 'requests.mjs'),
        protocol,
      ]);

      const otherwise = deviations.find(([runtime]) => runtime.test(version))?.[1][protocol];
      const expected = Object.entries({ ...cases, ...otherwise }).filter(([, counts]) => counts);
      const entries = expected.map(([name, counts]) => [`${protocol}: ${name}`, counts]);
      expect(JSON.parse(stdout)).toEqual(Object.fromEntries(entries));
    },
  );

  test.each(['http', 'h2c'])(
    '%s: as many requests are counted as began, when random clients break off at any byte or reset at any time',
    async (protocol) => {
      const { seed, stdout } = await randomly(runtime, options, protocol);

      const { began, ...counts } = JSON.parse(stdout) as Readonly<Record<string, number>>;
      expect(began, seed).toBeGreaterThan(50);
      expect(counts, seed).toEqual({ counted: began, timed: began, inProgress: 0 });
    },
  );

  test('requests on connections that are older than the instrumentation count, for each registry until it is stopped', async () => {
    const { stdout } = await run(runtime, [...options, join(__dirname, 'support', 'earlier.mjs')]);

    expect(JSON.parse(stdout)).toEqual({ before: [2, 2], after: [2, 4], bytes: 12 });
  });
});

/** Runs random clients. One in some thirty such runs crashes Deno 2.9, with or without counts: then with another seed. */
async function randomly(
  runtime: string,
  options: readonly string[],
  protocol: string,
  tries = 6,
): Promise<{ readonly seed: string; readonly stdout: string }> {
  const seed = `${Math.floor(Math.random() * 2 ** 31)}`;
  try {
    const program = join(__dirname, 'support', 'random.mjs');
    const { stdout } = await run(runtime, [...options, program, protocol, seed]);
    return { seed, stdout };
  } catch (error) {
    const { signal } = error as { readonly signal?: string };
    const hasCrashed = signal === 'SIGABRT' || signal === 'SIGSEGV';
    if (!hasCrashed || !runtime.endsWith('deno') || tries === 1) throw error;
    return randomly(runtime, options, protocol, tries - 1);
  }
}
