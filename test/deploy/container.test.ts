import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { validate } from 'dockerfile-utils';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { parse } from 'yaml';
import { installedCopy } from '../multiprocess/support/directories';
import { valuesOf } from '../multiprocess/support/exposition';
import { freePort } from '../third-party/free-port';

const deploy = join(__dirname, '..', '..', 'deploy');
const docker = join(deploy, 'docker');
const read = (...path: string[]): string => readFileSync(join(deploy, ...path), 'utf8');
const images = ['Dockerfile', 'Dockerfile.alpine'];
const { services } = parse(read('docker', 'compose.yml'));
const canUnshare = spawnSync('unshare', ['--mount', '--pid', '--fork', 'true']).status === 0;

describe('deploy/docker', () => {
  test.each(images)('%s copies files that are there, and runs without the rights of root', (file) => {
    const lines = instructions(file);
    const copied = lines
      .filter(([name, args = '']) => name === 'COPY' && !args.startsWith('--from'))
      .flatMap(([, args = '']) => args.split(' ').slice(0, -1));

    expect(copied).toContain('server.mjs');
    expect(copied.filter((path) => !existsSync(join(deploy, 'shop', path)))).toEqual([]);
    expect(lines.filter(([name]) => name === 'USER').at(-1)).toEqual(['USER', 'node']);
  });

  test.each(images)('%s has no fault of syntax', (file) => {
    const text = read('docker', file);
    expect(faultsOf(text)).toEqual([]);
    expect(faultsOf(text.replace('USER node', 'USR node'))).toEqual(['Unknown instruction: USR']);
    expect(faultsOf(text.replace('--from=packages', '--form=packages'))).toEqual(['Unknown flag: form']);
  });

  test('the images differ in their base only', () => {
    const [slim, alpine] = images.map((file) => instructions(file).filter(([name]) => name !== 'FROM'));
    expect(slim).toEqual(alpine);
  });

  test('compose.yml mounts files that are there, and Grafana looks for dashboards where they are mounted', () => {
    const mounts: [string, string][] = Object.values(services as Record<string, { volumes?: string[] }>)
      .flatMap(({ volumes = [] }) => volumes)
      .map((volume) => volume.split(':').slice(0, 2) as [string, string]);
    const { context, dockerfile } = services.shop.build;
    const sources = [...mounts.map(([source]) => source), context, join(context, dockerfile)];

    expect(mounts).toHaveLength(4);
    expect(sources.filter((path) => !existsSync(join(docker, path)))).toEqual([]);
    const provisioning = parse(read('docker', 'grafana', 'provisioning', 'dashboards', 'dashboards.yml'));
    const { path } = provisioning.providers[0].options;
    expect(mounts).toContainEqual(['../grafana/dashboards', path]);
    for (const file of parse(read('docker', 'prometheus.yml')).rule_files) {
      expect(existsSync(join(deploy, 'prometheus', file))).toBe(true);
    }
  });

  test('compose.yml is accepted by docker-compose', ({ skip }) => {
    if (spawnSync('docker-compose', ['version']).status !== 0) return skip('docker-compose is not installed');
    const { status, stderr } = spawnSync(
      'docker-compose',
      ['--file', join(docker, 'compose.yml'), 'config'],
      {
        encoding: 'utf8',
      },
    );
    expect(stderr).not.toMatch(/ERROR|unsupported/i);
    expect(status).toBe(0);
  });

  test.skipIf(spawnSync('promtool', ['--version']).status !== 0)('prometheus.yml is valid', () => {
    const config = join(docker, 'prometheus.yml');
    const { status, stderr } = spawnSync('promtool', ['check', 'config', '--syntax-only', config], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});

test('the command of the image counts in a pod as deploy/kubernetes has it, and ends by SIGTERM', async ({
  skip,
}) => {
  if (!canUnshare) return skip('only root may mount file systems');
  const copy = installedCopy({ addon: true });
  const app = join(copy, 'app');
  cpSync(join(deploy, 'shop'), app, { recursive: true });
  mkdirSync(join(app, 'node_modules'));
  symlinkSync(copy, join(app, 'node_modules', 'prom-client-mmap'));
  const { spec } = parse(read('kubernetes', 'base', 'deployment.yaml')).spec.template;
  const [metricsPort, port] = [await freePort(), await freePort()];
  const env: Record<string, string> = {
    ...Object.fromEntries(
      spec.containers[0].env.map(({ name, value }: { name: string; value: string }) => [name, value]),
    ),
    ...{ HOST: '127.0.0.1', PORT: `${port}` },
    ...{ PROM_CLIENT_MMAP_HOST: '127.0.0.1', PROM_CLIENT_MMAP_PORT: `${metricsPort}` },
  };
  const pod = startPod(app, spec, env);
  const page = `http://127.0.0.1:${port}/cart`;
  await answered(page);
  const before = 10;
  for (let i = 0; i < before; i++) await (await fetch(page, { headers: { connection: 'close' } })).text();
  const metrics = await answered(`http://127.0.0.1:${metricsPort}/metrics`);
  const values = valuesOf(metrics);

  const counted = [...values]
    .filter(([name]) => name.startsWith('http_requests_total'))
    .map(([, value]) => value);
  expect(counted.reduce((sum, value) => sum + value, 0)).toBeGreaterThanOrEqual(before);
  expect(values.get('prom_client_mmap_native{}')).toBe(1);
  // The file system of the emptyDir, by its size limit.
  expect(values.get('prom_client_mmap_storage_size_bytes{}')).toBe(64 << 20);
  expect(values.get('prom_client_mmap_owners{state="live"}')).toBeGreaterThanOrEqual(2);
  expect(await answered(`http://127.0.0.1:${metricsPort}/healthz`)).not.toBe('');
  const ended = once(pod.child, 'exit');
  process.kill(pod.pid(), 'SIGTERM');
  expect(await ended).toEqual([0, null]);
});

interface PodSpec {
  readonly securityContext: { readonly runAsUser: number; readonly runAsGroup: number };
  readonly volumes: readonly { readonly emptyDir: { readonly sizeLimit: string } }[];
}

/** A process tree of its own with a read-only root, an emptyDir as the kubelet makes it, and the user of the pod. */
function startPod(
  app: string,
  { securityContext, volumes }: PodSpec,
  env: Readonly<Record<string, string>>,
): { readonly child: ChildProcess; readonly pid: () => number } {
  const command = JSON.parse(argumentsOf('CMD'));
  const size = volumes[0]?.emptyDir.sizeLimit.replace('Mi', 'm');
  const { runAsUser, runAsGroup } = securityContext;
  const script = [
    `mount -t tmpfs -o size=${size},mode=777 none /dev/shm`,
    'mount -o remount,bind,ro /',
    `exec setpriv --reuid ${runAsUser} --regid ${runAsGroup} --clear-groups --no-new-privs "$@"`,
  ].join(' && ');
  const [node, ...args] = command;
  expect(node).toBe('node');
  const child = spawn(
    'unshare',
    ['--mount', '--pid', '--fork', '--mount-proc', '--kill-child=KILL', 'sh', '-c', script, 'sh'].concat(
      process.execPath,
      args,
    ),
    { cwd: app, env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  // unshare waits for the first process of the pod.
  const children = `/proc/${child.pid}/task/${child.pid}/children`;
  return { child, pid: () => Number(readFileSync(children, 'utf8').trim()) };
}

/** The text of the first good answer. */
function answered(url: string): Promise<string> {
  return vi.waitFor(
    async () => {
      const answer = await fetch(url, { headers: { connection: 'close' } });
      expect(answer.status).toBe(200);
      return answer.text();
    },
    { timeout: 60_000, interval: 50 },
  );
}

function faultsOf(dockerfile: string): string[] {
  return validate(dockerfile).map(({ message }) => (typeof message === 'string' ? message : message.value));
}

function argumentsOf(name: string): string {
  return instructions('Dockerfile').find(([instruction]) => instruction === name)?.[1] ?? '';
}

/** Name and arguments of each instruction of a Dockerfile. */
function instructions(file: string): string[][] {
  return read('docker', file)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]);
}
