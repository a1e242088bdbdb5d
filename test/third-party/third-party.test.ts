import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { keyOf, parse, type Sample } from '../multiprocess/support/exposition';
import { type Answers, CASES, OFTEN, type Samples, SELDOM } from './cases';
import { installation, ROUTES, type Route } from './installation';

const wanted = process.env['THIRD_PARTY'] === '1' || process.env['CI'] === 'true';

// Hundreds of packages would be installed by everybody who runs the tests.
describe.skipIf(!wanted)('unmodified packages in a cluster (only with THIRD_PARTY=1 or CI=true)', () => {
  let directories: Readonly<Record<Route, string>>;
  beforeAll(() => {
    directories = installation();
  }, 300_000);

  const cases = Object.entries(CASES).flatMap(([name, it]) =>
    ROUTES.map((route) => [name, route, it] as const),
  );
  test.each(cases)('%s, by %s, counts every request, in each worker', async (_, route, it) => {
    const { app, requests, metrics = ['/metrics'], families, samples } = it;
    const ports = await start(route, directories[route], app);
    await Promise.all(
      ports.workers.map(async (port, worker) => {
        for (const [index, [path, body]] of requests.entries()) {
          const times = (index === 0 ? OFTEN : SELDOM)[worker] ?? 0;
          for (let n = 0; n < times; n++) await ask(port, path, body);
        }
      }),
    );

    const answers: Answers = (path) => Promise.all(ports.workers.map((port) => ask(port, path)));
    // Some count a response only after it has been sent.
    await vi.waitFor(
      async () => {
        const texts = (await Promise.all(metrics.map(answers))).flat();
        if (ports.primary !== undefined) texts.push(await ask(ports.primary, '/metrics'));
        const expected = await samples(answers);
        expect(texts.map((text) => counted(text, families))).toEqual(texts.map(() => expected));
      },
      { timeout: 10_000, interval: 50 },
    );
  });
});

/** What families have counted. Without what was measured, and without scrapes, which some count as well. */
function counted(text: string, families: RegExp): Samples {
  const samples = parse(text)
    .filter(({ name }) => families.test(name))
    .flatMap(({ type, samples }) => samples.filter((sample) => !isMeasured(type, sample)))
    .filter(({ labels }) => labels['route'] !== '/metrics');
  return Object.fromEntries(samples.map((sample) => [keyOf(sample), sample.value]));
}

function isMeasured(type: string, { name, labels }: Sample): boolean {
  if (type !== 'histogram' && type !== 'summary') return false;
  return name.endsWith('_sum') || 'quantile' in labels || (labels['le'] ?? '+Inf') !== '+Inf';
}

async function ask(port: number, path: string, body?: string): Promise<string> {
  const post = { method: 'POST', headers: { 'content-type': 'application/json' } };
  const response = await fetch(
    `http://127.0.0.1:${port}${path}`,
    body === undefined ? {} : { ...post, body },
  );
  return await response.text();
}

interface Ports {
  readonly workers: readonly number[];
  readonly primary?: number;
}

/** Starts a cluster that ends with the test. Its programs know of prom-client only. */
async function start(route: Route, directory: string, app: string): Promise<Ports> {
  const preload = route === 'preload' ? ['--import', 'prom-client-mmap/register'] : [];
  const child = spawn(process.execPath, [...preload, 'apps/cluster.mjs', `./${app}`], {
    cwd: directory,
    env: { PATH: process.env['PATH'] },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  onTestFinished(async () => {
    child.stdin.end();
    await closed;
  });
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), closed]);
  if (typeof line !== 'string') throw new Error(`expected the ports of ${app}, but it ended with ${line}`);
  return JSON.parse(line);
}
