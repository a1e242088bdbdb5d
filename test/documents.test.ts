import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(__dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

test('docs/errors.md has a line for each code of src/errors.ts and no other', () => {
  const codesOf = (text: string, pattern: RegExp): Set<string | undefined> =>
    new Set([...text.matchAll(pattern)].map((match) => match[1]));

  expect(codesOf(read('docs/errors.md'), /^\| `(ERR_\w+)`/gm)).toEqual(
    codesOf(read('src/errors.ts'), /'(ERR_\w+)'/g),
  );
});

test('links between the documents lead somewhere', () => {
  const documents = ['README.md', 'CONTRIBUTING.md', ...markdownIn('docs'), ...markdownIn('docs/decisions')];
  const broken = documents.flatMap((document) =>
    [...read(document).matchAll(/\]\((?!https?:)([^)#]+)/g)]
      .map((match) => join(dirname(document), match[1] ?? ''))
      .filter((target) => !existsSync(join(root, target)))
      .map((target) => `${document}: ${target}`),
  );

  expect(broken).toEqual([]);
});

test('docs/reliability.md names tests that are there', () => {
  const named = [...read('docs/reliability.md').matchAll(/`([\w./-]+(?:\.test\.ts|\.cc))`/g)].map(
    ([, file = '']) => (file.startsWith('native/') ? file : `test/${file}`),
  );

  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test('the program in README.md counts the requests of all its workers', async () => {
  const port = await freePort();
  const program = /```js\n([\s\S]*?)```/.exec(read('README.md'))?.[1]?.replace('8080', `${port}`);
  const directory = join(root, 'build', `readme-${process.pid}`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'readme.cjs'), program ?? '');
  const child = spawn(process.execPath, [join(directory, 'readme.cjs')], { stdio: 'inherit' });
  try {
    const url = `http://127.0.0.1:${port}/`;
    await untilServed(url, child);
    // A connection each, so that the requests spread over the workers.
    const answers = Array.from({ length: 50 }, () => fetch(url, { headers: { connection: 'close' } }));
    for (const answer of await Promise.all(answers)) expect(await answer.text()).toBe('hello\n');
    const text = await (await fetch(`${url}metrics`)).text();

    expect(text).toContain('# TYPE http_requests_total counter');
    expect(Number(/http_requests_total\{method="GET"\} (\d+)/.exec(text)?.[1])).toBeGreaterThanOrEqual(51);
  } finally {
    const ended = once(child, 'exit');
    child.kill();
    await ended;
    rmSync(directory, { recursive: true });
  }
});

test('examples/cluster.mjs ends by itself and has counted every request', async () => {
  const child = spawn(process.execPath, [join(root, 'examples/cluster.mjs')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  const [code] = await once(child, 'close');

  expect(code).toBe(0);
  expect(output).toMatch(/^hits_total 100$/m);
});

function markdownIn(folder: string): string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until a request was answered; fails when the server has ended instead. */
async function untilServed(url: string, server: ChildProcess): Promise<void> {
  while (server.exitCode === null) {
    const answer = await fetch(url, { headers: { connection: 'close' } }).catch(() => undefined);
    if (answer !== undefined) {
      await answer.text();
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`the server has ended with code ${server.exitCode}`);
}
