import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startMetricsServer } from '../../src/http/index';
import { newDirectory } from '../multiprocess/support/directories';
import { freePort } from '../third-party/free-port';
import { listensOn } from './support/listening';

interface Message {
  readonly ready?: true;
  readonly blocked?: true;
  readonly closed?: true;
  readonly address?: AddressInfo | string | null;
  readonly warning?: { readonly code: string; readonly message: string };
}

const program = join(__dirname, 'support', 'member.mjs');

describe('a group of processes', () => {
  test('has one server, which shows all of them, and another process takes over within two seconds', async () => {
    const port = await freePort();
    const env = { PROM_CLIENT_MMAP_DIR: newDirectory() };
    const members = [await Member.start({ port }, env)];
    members.push(await Member.start({ port }, env), await Member.start({ port }, env));
    expect(await scrape(port)).toContain('\nmembers_total 3\n');

    for (let left = 2; left >= 1; left--) {
      const index = members.findIndex(({ child }) => listensOn(port, child.pid));
      const [killed] = members.splice(index, 1);
      killed?.child.kill('SIGKILL');
      const start = performance.now();
      await vi.waitFor(() => scrape(port), { timeout: 10_000, interval: 20 });
      expect(performance.now() - start).toBeLessThan(2000);
      expect(await scrape(port)).toContain('\nmembers_total 3\n');
    }
    expect(members[0]?.warnings).toEqual([]);
  });

  test('answers while the main threads of all its processes are busy', async () => {
    const port = await freePort();
    const env = { PROM_CLIENT_MMAP_DIR: newDirectory() };
    const members = [await Member.start({ port }, env), await Member.start({ port }, env)];
    await scrape(port);
    for (const member of members) await member.ask({ block: 5000 }, 'blocked');

    const start = performance.now();
    const text = await scrape(port);
    expect(performance.now() - start).toBeLessThan(1000);
    expect(text).toContain('\nmembers_total 2\n');
  });

  test('shows the counts of a stopped process, and answers at the address of that process when it goes on', async () => {
    const [port, other] = [await freePort(), await freePort()];
    const env = { PROM_CLIENT_MMAP_DIR: newDirectory() };
    const { child } = await Member.start({ port }, env);
    await scrape(port);
    child.kill('SIGSTOP');
    onTestFinished(() => void child.kill('SIGCONT'));

    await Member.start({ port: other }, env);
    const start = performance.now();
    expect(await scrape(other)).toContain('\nmembers_total 2\n');
    expect(performance.now() - start).toBeLessThan(2000);
    const waiting = scrape(port);
    child.kill('SIGCONT');
    expect(await waiting).toContain('\nmembers_total 2\n');
  });

  test('knows the address of its server, also with port 0, and who serves next', async () => {
    const env = { PROM_CLIENT_MMAP_DIR: newDirectory() };
    const first = await Member.start({ port: 0 }, env);
    const second = await Member.start({ port: 0 }, env);
    const address = await first.address();
    expect(address).toMatchObject({ address: '127.0.0.1', port: expect.any(Number) });
    expect(await second.address()).toEqual(address);

    await first.ask({ close: true }, 'closed');
    await vi.waitFor(
      async () => {
        const next = (await second.address()) as AddressInfo;
        expect(next.port).not.toBe((address as AddressInfo).port);
        expect(await scrape(next.port)).toContain('members_total 2');
      },
      { timeout: 10_000 },
    );
  });

  test('passes over messages of Node itself, such as those of `node --watch` from 24 on', async () => {
    const port = await freePort();
    const hook = `process.on('worker', (worker) => worker.emit('message', { 'watch:import': ['file:///a.mjs'] }))`;
    const member = await Member.start(
      { port },
      {
        PROM_CLIENT_MMAP_DIR: newDirectory(),
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}`,
      },
    );

    expect(await scrape(port)).toContain('\nmembers_total 1\n');
    expect(member.warnings).toEqual([]);
  });

  test('without the addon serves from one process, with the numbers of that process', async () => {
    const port = await freePort();
    const member = await Member.start({ port }, { PROM_CLIENT_MMAP_SHARED: '0' });

    expect(await scrape(port)).toContain('\nmembers_total 1\n');
    expect(member.warnings).toEqual([]);
  });

  test('waits for a port that another application has, with one warning', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const member = await Member.start({ port }, { PROM_CLIENT_MMAP_DIR: newDirectory() });
    await vi.waitUntil(() => member.warnings.length > 0, { timeout: 15_000 });
    expect(member.warnings).toEqual([
      { code: 'EADDRINUSE', message: expect.stringContaining(`127.0.0.1:${port}, but got EADDRINUSE`) },
    ]);
    other.close();

    await vi.waitFor(async () => expect(await scrape(port)).toContain('members_total 1'), {
      timeout: 10_000,
    });
    expect(member.warnings).toHaveLength(1);
  });

  test('warns about an address that this machine does not have', async () => {
    const member = await Member.start({ host: '203.0.113.1' }, { PROM_CLIENT_MMAP_DIR: newDirectory() });

    await vi.waitUntil(() => member.warnings.length > 0);
    expect(member.warnings).toMatchObject([{ code: 'EADDRNOTAVAIL' }]);
  });
});

describe('a server', () => {
  test('listens where the environment says, but for the options of the call', async () => {
    const [own, otel, given] = [await freePort(), await freePort(), await freePort()];
    const variables = {
      OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.2',
      OTEL_EXPORTER_PROMETHEUS_PORT: `${otel}`,
    };
    await Member.start({}, { PROM_CLIENT_MMAP_DIR: newDirectory(), ...variables });
    await Member.start(
      {},
      {
        ...{ PROM_CLIENT_MMAP_DIR: newDirectory(), ...variables },
        ...{ PROM_CLIENT_MMAP_PORT: `${own}`, PROM_CLIENT_MMAP_PATH: '/numbers' },
      },
    );
    await Member.start(
      { port: given, host: '127.0.0.1' },
      { PROM_CLIENT_MMAP_DIR: newDirectory(), ...variables },
    );

    expect(await scrape(otel, '/metrics', '127.0.0.2')).toContain('members_total');
    expect(await scrape(own, '/numbers', '127.0.0.2')).toContain('members_total');
    expect(await scrape(given)).toContain('members_total');
  });

  test('listens on IPv6', async () => {
    const port = await freePort();
    await Member.start({ host: '::1', port }, { PROM_CLIENT_MMAP_DIR: newDirectory() });

    expect(await scrape(port, '/metrics', '[::1]')).toContain('members_total 1');
  });

  test('listens on a Unix socket, also where a killed process has left one', async () => {
    const socketPath = join(newDirectory(), 'metrics.sock');
    const env = { PROM_CLIENT_MMAP_DIR: newDirectory() };
    const first = await Member.start({ socketPath }, env);
    expect(await first.address()).toBe(socketPath);
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    expect(existsSync(socketPath)).toBe(true);
    const second = await Member.start({ socketPath }, env);
    await vi.waitFor(async () => expect(await second.address()).toBe(socketPath));

    const [response] = await once(http.get({ socketPath, path: '/metrics' }), 'response');
    expect(response.statusCode).toBe(200);
    response.destroy();
  });

  test('leaves a file that is no socket alone, with one warning', async () => {
    const directory = newDirectory();
    const [file, link] = [join(directory, 'precious'), join(directory, 'link')];
    writeFileSync(file, 'precious');
    symlinkSync(join(directory, 'nowhere'), link);
    for (const socketPath of [file, link]) {
      const member = await Member.start({ socketPath }, { PROM_CLIENT_MMAP_DIR: newDirectory() });
      await vi.waitUntil(() => member.warnings.length > 0, { timeout: 15_000 });
      expect(member.warnings).toMatchObject([{ code: 'EADDRINUSE' }]);
    }

    expect(readFileSync(file, 'utf8')).toBe('precious');
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
  });

  test('answers on few paths', async () => {
    const port = await freePort();
    await Member.start({ port }, { PROM_CLIENT_MMAP_DIR: newDirectory() });
    const ask = async (path: string, method = 'GET'): Promise<[number, string]> => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
      return [response.status, await response.text()];
    };

    expect(await ask('/healthz')).toEqual([200, 'ok\n']);
    expect(await ask('/')).toEqual([200, expect.stringContaining('href="/metrics"')]);
    expect(await ask('/other')).toEqual([404, expect.stringContaining('/metrics')]);
    expect(await ask('/metrics', 'POST')).toEqual([405, expect.any(String)]);
    expect(await ask('/metrics', 'HEAD')).toEqual([200, '']);
    expect(await ask('/metrics?x=1')).toEqual([200, expect.stringContaining('members_total')]);
  });

  test('keeps no process alive', async () => {
    const child = spawn(process.execPath, [program, JSON.stringify({ port: await freePort() })], {
      env: { PATH: process.env['PATH'], PROM_CLIENT_MMAP_DIR: newDirectory() },
      stdio: 'inherit',
    });

    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test.each<[object, string, string?]>([
    [
      { ports: 1 },
      'ERR_OPTION_UNKNOWN',
      "options of startMetricsServer(), but got 'ports': did you mean port?",
    ],
    [
      { log: console.log },
      'ERR_OPTION_UNKNOWN',
      'the options are host, port, path, socketPath, page, thread,',
    ],
    [{ maxInFlight: -1 }, 'ERR_OPTION_VALUE', 'startMetricsServer({ maxInFlight })'],
    [{ path: '/métrics' }, 'ERR_OPTION_VALUE', 'as it is in a URL'],
    [{ port: 70_000 }, 'ERR_OPTION_VALUE'],
    [{ port: '9464' }, 'ERR_OPTION_VALUE'],
    [{ path: 'metrics' }, 'ERR_OPTION_VALUE'],
    [{ path: '/healthz' }, 'ERR_OPTION_VALUE'],
    [{ host: '' }, 'ERR_OPTION_VALUE'],
  ])('refuses the options %j', async (options, code, message = '') => {
    const text = expect.stringContaining(message);

    await expect(startMetricsServer(options)).rejects.toMatchObject({ code, message: text });
  });
});

/** A process that ends with the test. */
class Member {
  readonly child: ChildProcess;
  readonly warnings: { readonly code: string; readonly message: string }[] = [];

  private constructor(options: object, env: Readonly<Record<string, string>>) {
    this.child = fork(program, [JSON.stringify(options)], {
      env: { PATH: process.env['PATH'], ...env },
      execArgv: [],
      stdio: 'inherit',
    });
    this.child.on('message', ({ warning }: Message) => {
      if (warning) this.warnings.push(warning);
    });
    const exited = once(this.child, 'exit');
    onTestFinished(async () => {
      if (this.child.exitCode === null) this.child.kill('SIGKILL');
      await exited;
    });
  }

  static async start(options: object, env: Readonly<Record<string, string>>): Promise<Member> {
    const member = new Member(options, env);
    await member.next('ready');
    return member;
  }

  async ask(command: object, answer: keyof Message): Promise<Message> {
    const answered = this.next(answer);
    this.child.send(command);
    return await answered;
  }

  async address(): Promise<Message['address']> {
    return (await this.ask({}, 'address')).address;
  }

  private next(kind: keyof Message): Promise<Message> {
    return new Promise((resolve) => {
      const take = (message: Message): void => {
        if (!(kind in message)) return;
        this.child.off('message', take);
        resolve(message);
      };
      this.child.on('message', take);
    });
  }
}

async function scrape(port: number, path = '/metrics', host = '127.0.0.1'): Promise<string> {
  const response = await fetch(`http://${host}:${port}${path}`, { headers: { connection: 'close' } });
  expect(response.status).toBe(200);
  return await response.text();
}
