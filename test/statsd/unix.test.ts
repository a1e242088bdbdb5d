// The Unix socket of datagrams, with Python as the sender.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Registry } from '../../src/index';
import { listenStatsd } from '../../src/statsd';
import { command, startCommand } from '../cli/support/command';
import { newDirectory } from '../multiprocess/support/directories';
import { Member, untilShown } from './support';

/** Sends a text so many times, each in a datagram of its own, as a client does that waits while the queue of a socket is full. */
async function send(path: string, text: string, times = 1): Promise<void> {
  const program =
    'import socket, sys\n' +
    's = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n' +
    's.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)\n' +
    's.connect(sys.argv[1])\n' +
    'text = sys.stdin.buffer.read()\n' +
    'for _ in range(int(sys.argv[2])): s.send(text)\n';
  const sent = promisify(execFile)('python3', ['-c', program, path, `${times}`]);
  sent.child.stdin?.end(text);
  await sent;
}

const newPath = (): string => join(newDirectory(), 'statsd.sock');
const inGroup = (): Record<string, string> => ({ PROM_CLIENT_MMAP_DIR: newDirectory() });

async function listen(name: string, options: object) {
  const registry = new Registry(undefined, { name });
  const listener = await listenStatsd({ port: 0, udp: false, tcp: false, registry, ...options });
  onTestFinished(() => listener.close());
  return { listener, scrape: () => registry.metrics() };
}

test('counts each datagram of three senders, up to 64 KiB, and removes its file', async () => {
  const unix = newPath();
  const { listener, scrape } = await listen('unix', { unix });
  expect(statSync(unix).mode & 0o777).toBe(0o660);
  const long = 'long:1|c\n'.repeat(7281); // 65,529 bytes
  await Promise.all([
    send(unix, 'hits:1|c', 10_000),
    send(unix, 'hits:1|c|#from:b\nwait:320|ms', 10_000),
    send(unix, long, 10),
    send(unix, `${long}${long}`),
  ]);

  await untilShown(scrape, 'hits 10000');
  await untilShown(scrape, 'hits{from="b"} 10000');
  await untilShown(scrape, 'wait_count 10000');
  await untilShown(scrape, 'long 72810');
  await untilShown(scrape, 'prom_client_mmap_statsd_unixgram_packets_total 20011');
  await untilShown(scrape, 'prom_client_mmap_statsd_unixgram_packet_drops_total 1');
  await send(unix, 'last:1|c', 100);
  await listener.close();
  expect(await scrape()).toContain('\nlast 100\n');
  expect(existsSync(unix)).toBe(false);
});

test('gives its file the rights that the option says', async () => {
  const [unix, unixStream] = [newPath(), newPath()];
  await listen('rights', { unix, unixStream, unixMode: 0o666 });

  expect([unix, unixStream].map((path) => statSync(path).mode & 0o777)).toEqual([0o666, 0o666]);
});

test('lets no sender wait for an event loop that is blocked, and counts its datagrams afterwards', async () => {
  const unix = newPath();
  const member = await Member.start({ port: 0, unix }, inGroup());
  const end = join(newDirectory(), 'end');
  await member.blockUntil(end);
  // More than any queue of the system has: the sender would wait for ever.
  await send(unix, 'hits:1|c', 20_000);
  writeFileSync(end, '');

  await untilShown(() => member.scrape(), 'hits 20000');
});

test('a process that ends by process.exit() removes its file', async () => {
  const unix = newPath();
  const member = await Member.start({ udp: false, tcp: false, unix }, inGroup());
  expect(existsSync(unix)).toBe(true);
  const exited = once(member.child, 'exit');
  member.child.send({ exit: true });
  await exited;

  expect(existsSync(unix)).toBe(false);
});

test('another process takes over within a second when the one that listens is killed', async () => {
  const unix = newPath();
  const env = inGroup();
  const options = { udp: false, tcp: false, unix };
  const [first, second] = [await Member.start(options, env), await Member.start(options, env)];
  await send(unix, 'jobs:5|c');
  await untilShown(() => second.scrape(), 'jobs 5');
  first.child.kill('SIGKILL');
  const start = performance.now();
  await vi.waitUntil(async () => 'unix' in (await second.addresses()), { timeout: 60_000, interval: 20 });
  expect(performance.now() - start).toBeLessThan(1000);
  await send(unix, 'jobs:2|c');

  await untilShown(() => second.scrape(), 'jobs 7');
  expect(second.warnings).toEqual([]);
});

test.each(['unix', 'unixStream'] as const)(
  '%s leaves a file that is no socket, and a socket that another application has',
  async (option) => {
    const [file, taken] = [newPath(), newPath()];
    writeFileSync(file, 'of the user');
    await listen(`has-${option}`, { [option]: taken });
    const options = { udp: false, tcp: false };
    const atFile = await Member.start({ ...options, [option]: file }, inGroup());
    const atTaken = await Member.start({ ...options, [option]: taken }, inGroup());
    const warned = (member: Member): Promise<unknown> =>
      vi.waitUntil(() => member.warnings[0], { timeout: 60_000 });

    expect(await warned(atFile)).toMatchObject({ code: 'ERR_STATSD_LISTEN' });
    expect(await warned(atTaken)).toMatchObject({
      code: 'ERR_STATSD_LISTEN',
      message: expect.stringContaining('EADDRINUSE'),
    });
    expect(readFileSync(file, 'utf8')).toBe('of the user');
    expect(existsSync(taken)).toBe(true);
  },
);

test('refuses a path that is too long for a socket', async () => {
  const unix = join(newDirectory(), 'x'.repeat(120));
  const member = await Member.start({ udp: false, tcp: false, unix }, inGroup());
  await vi.waitUntil(() => member.warnings.length > 0, { timeout: 60_000 });

  expect(member.warnings[0]?.message).toContain('ENAMETOOLONG');
});

test('without the addon says that the socket needs it', async () => {
  const child = promisify(execFile)(process.execPath, [
    '--no-addons',
    join(__dirname, 'member.mjs'),
    JSON.stringify({ unix: newPath() }),
  ]);

  await expect(child).rejects.toMatchObject({ stderr: expect.stringContaining("code: 'ERR_ADDON'") });
});

test('the command listens at both kinds of socket', async () => {
  const [unix, unixStream] = [newPath(), newPath()];
  const directory = newDirectory();
  const { line } = await startCommand([
    ...['statsd', '--port', '0', '--unix', unix, '--unix-stream', unixStream, '--unix-mode', '600'],
    ...['--dir', directory],
  ]);
  expect(line).toMatch(/^Listening for statsd at /);
  await send(unix, 'hits:1|c');
  await new Promise<void>((resolve) => connect(unixStream).end('hits:2|c\n', resolve));

  await untilShown(async () => (await command(['dump', directory])).stdout, 'hits 3');
  expect(statSync(unix).mode & 0o777).toBe(0o600);
});
