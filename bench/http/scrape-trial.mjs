// One trial of a scrape of four processes: milliseconds while they are idle, and while all their event loops are blocked.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { download } from '../load/download.mjs';
import { median } from '../statistics.mjs';

const processes = 4;
const scrapes = 20;
const directory = mkdtempSync(join(tmpdir(), 'bench-http-'));
const port = await freePort();
const members = Array.from({ length: processes }, () =>
  fork(new URL('member.mjs', import.meta.url), [`${port}`], {
    env: { ...process.env, PROM_CLIENT_MMAP_DIR: directory },
  }),
);
await Promise.all(members.map((member) => once(member, 'message')));
const url = `http://127.0.0.1:${port}/metrics`;
await scrape();
const idle = await times();
const blocked = Promise.all(members.map((member) => once(member, 'message')));
for (const member of members) member.send('block');
await blocked;
const busy = await times();
for (const member of members) member.kill('SIGKILL');
await Promise.all(members.map((member) => once(member, 'exit')));
rmSync(directory, { recursive: true });
process.send({ idle: median(idle), busy: median(busy), slowest: Math.max(...busy) }, () =>
  process.disconnect(),
);

async function times() {
  const all = [];
  for (let i = 0; i < scrapes; i++) all.push(await scrape());
  return all;
}

async function scrape() {
  const start = performance.now();
  const text = await download(url);
  if (!text.includes(`\nmembers_total ${processes}\n`)) throw new Error('a scrape lacks a process');
  return performance.now() - start;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address();
  server.close();
  await once(server, 'close');
  return free;
}
