import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startMetricsServer } from '../../src/http/index';
import { command, startCommand } from '../cli/support/command';
import { hasPrometheus, missingPrometheus, Prometheus } from '../cli/support/prometheus';
import { newDirectory } from '../multiprocess/support/directories';
import { type Member, spawn } from '../multiprocess/support/member';

/** A process of a group that counts `amount`. */
async function worker(directory: string, amount: number): Promise<Member> {
  const member = await spawn({ directory });
  await member.run(({ Counter }, by) => {
    new Counter({ name: 'hits_total', help: 'h' }).inc(by);
  }, amount);
  return member;
}

/** `serve` for a group, and its address. */
async function serve(directory: string, ...args: string[]): Promise<string> {
  const { line } = await startCommand(['serve', directory, '--port', '0', ...args]);
  return /http:\/\/([^/]+)\/metrics$/.exec(line)?.[1] ?? '';
}

interface Target {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

async function targetsAt(address: string): Promise<Target[]> {
  return (await (await fetch(`http://${address}/targets`)).json()) as Target[];
}

async function text(url: string): Promise<string> {
  return (await fetch(url)).text();
}

describe('serve', () => {
  test('answers for a group from outside, for all of it and for each process', async () => {
    const directory = newDirectory();
    const members = [await worker(directory, 1), await worker(directory, 20)];
    const address = await serve(directory);

    expect(await text(`http://${address}/metrics`)).toContain('\nhits_total 21\n');
    const targets = await targetsAt(address);
    const pids = members.map(({ pid }) => pid).sort((a, b) => a - b);
    expect(targets).toEqual(
      pids.map((pid) => ({
        targets: [address],
        labels: { __metrics_path__: '/metrics', __param_pid: `${pid}`, pid: `${pid}` },
      })),
    );
    expect(await text(`http://${address}/metrics?pid=${members[0]?.pid}`)).toContain('\nhits_total 1\n');
    expect(await text(`http://${address}/metrics?pid=${members[1]?.pid}`)).toContain('\nhits_total 20\n');
  });

  test('forgets a process that has ended as a target, and keeps its counts in the merged one', async () => {
    const directory = newDirectory();
    const one = await worker(directory, 1);
    const two = await worker(directory, 20);
    const address = await serve(directory);
    await two.kill();
    const gone = await fetch(`http://${address}/metrics?pid=${two.pid}`);

    expect((await targetsAt(address)).map(({ labels }) => labels['pid'])).toEqual([`${one.pid}`]);
    expect(gone.status).toBe(404);
    expect(await gone.text()).toContain(`living process of this group, but got ${two.pid}`);
    expect(await text(`http://${address}/metrics`)).toContain('\nhits_total 21\n');
  });

  test('refuses pids that are none', async () => {
    const directory = newDirectory();
    await worker(directory, 1);
    const address = await serve(directory);

    for (const pid of ['', '0', '-1', 'x', '1e3', '99999999999', '4294967295', process.pid]) {
      expect((await fetch(`http://${address}/metrics?pid=${pid}`)).status, `pid ${pid}`).toBe(404);
    }
  });

  test('says that a port is in use, and ends', async () => {
    const directory = newDirectory();
    await worker(directory, 1);
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await vi.waitUntil(() => other.listening);
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await command(['serve', directory, '--port', `${port}`]);

    expect(code).toBe(1);
    expect(stderr).toContain(`Expected to listen at 127.0.0.1:${port}, but got EADDRINUSE`);
  });

  test('serves a crashed application, and ends with 0 at SIGTERM', async () => {
    const directory = newDirectory();
    const member = await worker(directory, 3);
    await member.kill();
    const running = await startCommand(['serve', directory, '--port', '0']);
    const address = /http:\/\/([^/]+)/.exec(running.line)?.[1] ?? '';

    expect(await text(`http://${address}/metrics`)).toContain('\nhits_total 3\n');
    expect(await targetsAt(address)).toEqual([]);
    expect(await running.end()).toBe(0);
  });
});

describe('the server of an application', () => {
  test.each([true, false])(
    'lists its processes as targets, and shows one of them (thread: %s)',
    async (thread) => {
      const server = await startMetricsServer({ port: 0, thread });
      onTestFinished(() => server.close());
      const { Counter } = await import('../../src/index');
      new Counter({ name: `own_${thread}_total`, help: 'h' }).inc(4);
      const { port } = server.address as AddressInfo;
      const [target, ...more] = await targetsAt(`127.0.0.1:${port}`);

      expect(more).toEqual([]);
      expect(target?.labels['pid']).toBe(`${process.pid}`);
      expect(await text(`http://127.0.0.1:${port}/metrics?pid=${process.pid}`)).toContain(
        `\nown_${thread}_total 4\n`,
      );
      expect((await fetch(`http://127.0.0.1:${port}/metrics?pid=1`)).status).toBe(404);
      expect((await fetch(`http://127.0.0.1:${port}/targets`, { method: 'POST' })).status).toBe(405);
    },
  );
});

describe('targets', () => {
  test('lists the processes at the address of the application, or at one that is passed', async () => {
    const directory = newDirectory();
    const member = await worker(directory, 1);
    const unknown = await command(['targets', directory]);
    const passed = await command(['targets', directory, '--address', '10.0.0.5:9464', '--path', '/numbers']);
    const malformed = await command(['targets', directory, '--address', 'http://x']);

    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('pass --address HOST:PORT') });
    expect(malformed).toMatchObject({ code: 2, stderr: expect.stringContaining('HOST:PORT') });
    expect(JSON.parse(passed.stdout)).toEqual([
      {
        targets: ['10.0.0.5:9464'],
        labels: { __metrics_path__: '/numbers', __param_pid: `${member.pid}`, pid: `${member.pid}` },
      },
    ]);
  });

  test('keeps a file of file_sd_configs up to date', async () => {
    const directory = newDirectory();
    const file = join(newDirectory(), 'targets.json');
    writeFileSync(file, '[]');
    const one = await worker(directory, 1);
    const address = ['--address', '127.0.0.1:9464'];
    const pidsIn = (): unknown[] =>
      JSON.parse(readFileSync(file, 'utf8')).map(({ labels }: Target) => labels['pid']);

    expect((await command(['targets', directory, '--file_sd', file, ...address])).code).toBe(0);
    expect(pidsIn()).toEqual([`${one.pid}`]);
    void startCommand(['targets', directory, '--file_sd', file, '--watch', ...address]).catch(
      () => undefined,
    );
    const two = await worker(directory, 1);
    await vi.waitFor(() => expect(pidsIn()).toHaveLength(2), { timeout: 60_000 });
    await one.kill();
    await vi.waitFor(() => expect(pidsIn()).toEqual([`${two.pid}`]), { timeout: 60_000 });
  });
});

test('Prometheus scrapes each process as a target of its own beside the merged one', async ({ skip }) => {
  if (!hasPrometheus()) return skip(missingPrometheus);
  const directory = newDirectory();
  const [one, two] = [await worker(directory, 1), await worker(directory, 20)];
  const address = await serve(directory);
  const file = join(newDirectory(), 'targets.json');
  await command(['targets', directory, '--address', address, '--file_sd', file]);
  const prometheus = await Prometheus.start([
    { job_name: 'merged', static_configs: [{ targets: [address] }] },
    { job_name: 'workers', http_sd_configs: [{ url: `http://${address}/targets`, refresh_interval: '1s' }] },
    { job_name: 'file', file_sd_configs: [{ files: [file] }] },
  ]);
  const valuesOf = async (expression: string): Promise<Record<string, number>> =>
    Object.fromEntries(
      (await prometheus.query(expression)).map(({ metric, value }) => [
        `${metric['job']} ${metric['pid'] ?? ''}`,
        value,
      ]),
    );

  await vi.waitFor(
    async () =>
      expect(await valuesOf('hits_total')).toEqual({
        'merged ': 21,
        [`workers ${one.pid}`]: 1,
        [`workers ${two.pid}`]: 20,
        [`file ${one.pid}`]: 1,
        [`file ${two.pid}`]: 20,
      }),
    { timeout: 60_000, interval: 200 },
  );
  await two.kill();
  await vi.waitFor(
    async () =>
      expect(await valuesOf('up{job!="file"}')).toEqual({ 'merged ': 1, [`workers ${one.pid}`]: 1 }),
    { timeout: 60_000, interval: 200 },
  );
  expect(await valuesOf('hits_total{job="merged"}')).toEqual({ 'merged ': 21 });
});
