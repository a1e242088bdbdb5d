// Real programs that send statsd.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StatsD } from 'hot-shots';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Registry } from '../../src/index';
import { listenStatsd } from '../../src/statsd';
import { newDirectory } from '../multiprocess/support/directories';
import { freePort } from '../third-party/free-port';

async function listenFor(name: string) {
  const registry = new Registry(undefined, { name });
  const listener = await listenStatsd({ port: 0, registry });
  onTestFinished(() => listener.close());
  return { registry, port: listener.addresses.udp?.port ?? 0 };
}

test('all updates of hot-shots count, of two clients at one time, with tags and sampling', async () => {
  const { registry, port } = await listenFor('hot-shots');
  const clients = [0, 1].map(
    () => new StatsD({ host: '127.0.0.1', port, maxBufferSize: 1400, globalTags: ['env:test'] }),
  );
  for (let i = 0; i < 2000; i++) {
    for (const [number, client] of clients.entries()) {
      client.increment('app.hits', 2, [`client:${number}`]);
      client.timing('app.wait', 250);
      client.gauge('app.level', i);
    }
    if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(clients.map((client) => new Promise<void>((resolve) => client.close(() => resolve()))));

  await vi.waitFor(
    async () => {
      const text = await registry.metrics();
      expect(text).toMatch(/^app_hits\{client="0",env="test"\} 4000$/m);
      expect(text).toMatch(/^app_hits\{client="1",env="test"\} 4000$/m);
      expect(text).toMatch(/^app_wait_count\{env="test"\} 4000$/m);
      expect(text).toMatch(/^app_wait_sum\{env="test"\} 1000$/m);
      expect(text).toMatch(/^app_level\{env="test"\} 1999$/m);
    },
    { timeout: 60_000, interval: 100 },
  );
});

test('gunicorn with three workers of a Django application counts each request', async ({ skip }) => {
  if (!hasGunicorn())
    return skip('gunicorn or Django is not installed (Debian: apt-get install gunicorn python3-django)');
  const { registry, port } = await listenFor('gunicorn');
  const directory = newDirectory();
  writeFileSync(join(directory, 'shop.py'), django);
  const http = await freePort();
  const child = spawn(
    'gunicorn',
    [
      ...['--workers', '3', '--bind', `127.0.0.1:${http}`, '--statsd-host', `127.0.0.1:${port}`],
      ...['--worker-tmp-dir', '/dev/shm', '--no-sendfile', 'shop:application'],
    ],
    {
      cwd: directory,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env['PATH'], PYTHONDONTWRITEBYTECODE: '1' },
    },
  );
  const closed = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  const get = async (path: string): Promise<number> =>
    (await fetch(`http://127.0.0.1:${http}${path}`)).status;
  await vi.waitFor(() => get('/ok'), { timeout: 60_000, interval: 100 });
  const paths = Array.from({ length: 90 }, (_, i) => ['/ok', '/missing', '/broken'][i % 3] ?? '');
  const statuses = await Promise.all(paths.map(get));
  expect(new Set(statuses)).toEqual(new Set([200, 404, 500]));

  await vi.waitFor(
    async () => {
      const text = await registry.metrics();
      // One of them was the request that has awaited the server.
      expect(text).toMatch(/^gunicorn_requests 91$/m);
      expect(text).toMatch(/^gunicorn_request_status_200 31$/m);
      expect(text).toMatch(/^gunicorn_request_status_404 30$/m);
      expect(text).toMatch(/^gunicorn_request_status_500 30$/m);
      expect(text).toMatch(/^gunicorn_request_duration_count 91$/m);
      expect(text).toMatch(/^gunicorn_workers 3$/m);
    },
    { timeout: 60_000, interval: 100 },
  );
  child.kill('SIGTERM');
  await closed;
});

function hasGunicorn(): boolean {
  try {
    execFileSync('gunicorn', ['--version'], { stdio: 'ignore' });
    execFileSync('/usr/bin/python3', ['-c', 'import django'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const django = `
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

def ok(request):
    return HttpResponse('ok')

def broken(request):
    raise RuntimeError('broken')

urlpatterns = [path('ok', ok), path('broken', broken)]
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=['*'], SECRET_KEY='x', DEBUG=False, LOGGING_CONFIG=None)
application = get_wsgi_application()
`;
