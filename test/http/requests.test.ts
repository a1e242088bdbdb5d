import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

// Every way in which an exchange of HTTP can go. A client behaves and misbehaves against servers of all protocols in a process of its
// own, in each runtime of HTTP_RUNTIMES (paths, separated by colons; by default the present one).

const client = { 'aborted by client': 1 };
const server = { 'aborted by server': 1 };

const ofHttp1: Readonly<Record<string, object>> = {
  ok: { 'GET 200': 1 },
  'keep-alive': { 'GET 200': 1, 'GET 204': 1, 'GET 404': 1, 'GET 500': 1 },
  'connection: close': { 'GET 200': 1 },
  'HTTP/1.0': { 'GET 200': 1 },
  HEAD: { 'HEAD 200': 1 },
  'an unusual method': { '_OTHER 200': 1 },
  pipelined: { 'GET 200': 2, 'GET 404': 1 },
  'pipelined, the client goes': { 'GET 499': 3, 'aborted by client': 3 },
  'FIN before headers': { 'GET 499': 1, ...client },
  'RST before headers': { 'GET 499': 1, ...client },
  'the answer comes after the client has gone': { 'GET 499': 1, ...client },
  'the client goes in mid-stream': { 'GET 200': 1, ...client },
  'the client reads nothing and goes': { 'GET 200': 1, ...client },
  'the handler throws and the client gives up': { 'GET 499': 1, ...client },
  'the server destroys the response': { 'GET 500': 1, ...server },
  'the server destroys the socket in mid-stream': { 'GET 200': 1, ...server },
  'the server gives up': { 'GET 500': 1, ...server },
  'an upload that takes too long': { 'POST 408': 1, ...client },
  'a malformed chunk': { 'POST 400': 1, ...client },
  'an upload': { 'POST 200': 1 },
  'expect: 100-continue': { 'POST 200': 1 },
  'an upgrade that nothing handles': { 'GET 200': 1 },
  'not HTTP': {},
};

const { 'an upload that takes too long': _, ...besideHttp2 } = ofHttp1;

const ofHttp2: Readonly<Record<string, object>> = {
  ok: { 'GET 200': 1 },
  'many at once': { 'GET 200': 3, 'GET 204': 1, 'GET 404': 1, 'GET 500': 1 },
  HEAD: { 'HEAD 200': 1 },
  'an unusual method': { '_OTHER 200': 1 },
  'the client cancels before headers': { 'GET 499': 1, ...client },
  'the client goes before headers': { 'GET 499': 1, ...client },
  'the client cancels in mid-stream': { 'GET 200': 1, ...client },
  'the server destroys the response': { 'GET 500': 1, ...server },
  'an upload': { 'POST 200': 1 },
};

const runtimes = process.env['HTTP_RUNTIMES']?.split(':') ?? [process.execPath];

describe.each(runtimes)('%s', (runtime) => {
  test.each([
    ['http', ofHttp1],
    ['https', ofHttp1],
    ['HTTP/1 beside HTTP/2', besideHttp2],
    ['h2c', ofHttp2],
    ['h2', ofHttp2],
  ])(
    '%s: every request is counted once, with its status and its duration, and none stays in progress',
    async (protocol, expected) => {
      const { stdout } = await promisify(execFile)(runtime, [
        join(__dirname, 'support', 'requests.mjs'),
        protocol,
      ]);

      const entries = Object.entries(expected).map(([name, counts]) => [`${protocol}: ${name}`, counts]);
      expect(JSON.parse(stdout)).toEqual(Object.fromEntries(entries));
    },
  );
});
