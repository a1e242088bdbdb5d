import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Gauge, Registry } from '../../src/index';
import type { NativeHistogram } from '../../src/model/family';
import { listenStatsd, type StatsdListener, type StatsdOptions } from '../../src/statsd';
import { command, startCommand } from '../cli/support/command';
import { newDirectory } from '../multiprocess/support/directories';
import { freePort } from '../third-party/free-port';
import { Member, sendUdp, untilShown } from './support';

async function listen(options: StatsdOptions = {}): Promise<StatsdListener> {
  const listener = await listenStatsd({ port: 0, ...options });
  onTestFinished(() => listener.close());
  return listener;
}

describe('listenStatsd()', () => {
  test('counts datagrams and connections into a registry, beside its own metrics', async () => {
    const registry = new Registry(undefined, { name: 'sockets' });
    const unixStream = join(newDirectory(), 'statsd.sock');
    const { addresses } = await listen({ registry, unixStream });
    await sendUdp(addresses.udp?.port ?? 0, ['hits:1|c\nhits:2|c|#path:/\nspare:1|', 'hits:4|c']);
    await sendStream({ port: addresses.tcp?.port ?? 0, host: '127.0.0.1' }, [
      'hits:8|',
      'c\r',
      '\nhits:16|c',
    ]);
    await sendStream({ path: unixStream }, ['hits:32|c\n']);
    await sendStream({ path: unixStream }, [frame('hits:64|c'), frame('hits:128|c\nhits:256|c')]);
    const text = (): Promise<string> => registry.metrics();

    await untilShown(text, 'hits 509');
    await untilShown(text, 'hits{path="/"} 2');
    await untilShown(text, 'prom_client_mmap_statsd_udp_packets_total 2');
    await untilShown(text, 'prom_client_mmap_statsd_tcp_connections_total 1');
    await untilShown(text, 'prom_client_mmap_statsd_unix_connections_total 2');
    await untilShown(text, 'prom_client_mmap_statsd_sample_errors_total{reason="illegal_event"} 1');
    expect(await text()).toContain('\nprom_client_mmap_statsd_metrics{type="counter"} 1\n');
    expect(await text()).toContain('\nprom_client_mmap_statsd_udp_packet_drops_total 0\n');
  });

  test('shows timers as histograms of seconds', async () => {
    const registry = new Registry(undefined, { name: 'timers' });
    const { addresses } = await listen({ registry });
    await sendUdp(addresses.udp?.port ?? 0, ['wait:320|ms|@0.5']);

    await untilShown(() => registry.metrics(), 'wait_count 2');
    const text = await registry.metrics();
    expect(text).toContain('\nwait_sum 0.64\n');
    expect(text).toContain('\nwait_bucket{le="0.25"} 0\nwait_bucket{le="0.5"} 2\n');
  });

  test('makes native histograms where the mapping file asks for them', async () => {
    const registry = new Registry(undefined, { name: 'native' });
    const mapping = join(newDirectory(), 'mapping.yml');
    writeFileSync(
      mapping,
      `
defaults:
  observer_type: histogram
  histogram_options: { native_histogram_max_buckets: 8 }
mappings:
  - { match: wait.*, name: wait, histogram_options: { native_histogram_bucket_factor: 1.1, buckets: [1] } }
`,
    );
    const { addresses } = await listen({ registry, mapping });
    const lines = Array.from({ length: 40 }, (_, i) => `wait.a:${10 * 1.2 ** i}|ms`);
    await sendUdp(addresses.udp?.port ?? 0, [...lines, 'plain:1|ms']);

    await untilShown(() => registry.metrics(), 'plain_count 1');
    const families = await registry.getGroupMetricsAsJSON();
    const nativeOf = (name: string): NativeHistogram | undefined => {
      const samples = families.find((family) => family.name === name)?.values as
        | readonly { native?: NativeHistogram }[]
        | undefined;
      return samples?.find(({ native }) => native !== undefined)?.native;
    };
    expect(nativeOf('plain')).toBeUndefined();
    const { schema = 8, positive = [] } = nativeOf('wait') ?? {};
    expect(schema).toBeLessThan(3);
    expect(positive.reduce((sum, [, count]) => sum + count, 0)).toBe(40);
    expect(await registry.metrics()).toContain('\nwait_bucket{le="1"} 26\n');
  });

  test('takes part in resets and removals of the group', async () => {
    const registry = new Registry(undefined, { name: 'resets' });
    const { addresses } = await listen({ registry });
    const send = (...lines: string[]): Promise<void> => sendUdp(addresses.udp?.port ?? 0, lines);
    await send('hits:4|c', 'hits:2|c|#path:/', 'hits:1|c|#path:/x', 'level:5|g');
    await untilShown(() => registry.metrics(), 'level 5');
    await registry.removeFromGroup('hits', { path: '/' });
    expect(await registry.metrics()).toMatch(/^hits 4$/m);
    expect(await registry.metrics()).toMatch(/^hits\{path="\/x"\} 1$/m);
    expect(await registry.metrics()).not.toContain('path="/"');

    await registry.resetGroup();
    expect(await registry.metrics()).not.toMatch(/^hits\{/m);
    await send('hits:3|c', 'hits:7|c|#path:/', 'level:+2|g');
    await untilShown(() => registry.metrics(), 'level 2');
    expect(await registry.metrics()).toMatch(/^hits 3$/m);
    expect(await registry.metrics()).toMatch(/^hits\{path="\/"\} 7$/m);
  });

  test('leaves a metric of the application alone, and counts the conflict', async () => {
    const registry = new Registry(undefined, { name: 'conflicts' });
    new Gauge({ name: 'load', help: 'h', registers: [registry] }).set(5);
    const { addresses } = await listen({ registry });
    await sendUdp(addresses.udp?.port ?? 0, ['load:1|c', 'load:7|g', 'wait:1|h|#le:x']);

    await untilShown(
      () => registry.metrics(),
      'prom_client_mmap_statsd_events_error_total{reason="illegal_label"} 1',
    );
    const text = await registry.metrics();
    expect(text).toContain('\nprom_client_mmap_statsd_events_conflict_total{type="counter"} 1\n');
    expect(text).toContain('\nprom_client_mmap_statsd_events_conflict_total{type="gauge"} 1\n');
    expect(text).toContain('\nload 5\n');
  });

  test('closes a connection that sends a line without an end', async () => {
    const registry = new Registry(undefined, { name: 'long lines' });
    const { addresses } = await listen({ registry });
    const socket = connect(addresses.tcp?.port ?? 0, '127.0.0.1');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined); // a reset
    socket.write('x'.repeat(100_000));
    await closed;

    await untilShown(() => registry.metrics(), 'prom_client_mmap_statsd_too_long_lines_total 1');
  });

  test('removes a series that has no sample for its ttl, also one without labels', async () => {
    const registry = new Registry(undefined, { name: 'ttl' });
    const mapping = join(newDirectory(), 'mapping.yml');
    writeFileSync(
      mapping,
      'mappings:\n- match: "s.*"\n  name: s\n  ttl: 1s\n  labels: {kind: $1}\n- {match: t, name: t, ttl: 1s}\n',
    );
    const { addresses } = await listen({ registry, mapping });
    const port = addresses.udp?.port ?? 0;
    await sendUdp(port, ['s.a:1|g', 't:1|c', 'stays:1|c']);
    await untilShown(() => registry.metrics(), 'stays 1');
    expect(await registry.metrics()).toContain('\ns{kind="a"} 1\n');
    await vi.waitFor(async () => expect(await registry.metrics()).not.toMatch(/^[st][ {]/m), {
      timeout: 60_000,
    });
    await sendUdp(port, ['t:2|c']);

    await untilShown(() => registry.metrics(), 't 2');
  });

  test('reads a mapping again, and keeps the old one when the new one has a mistake', async () => {
    const registry = new Registry(undefined, { name: 'reload' });
    const mapping = join(newDirectory(), 'mapping.yml');
    const write = (name: string): void => writeFileSync(mapping, `mappings:\n- match: x\n  name: ${name}\n`);
    write('first');
    const listener = await listen({ registry, mapping });
    const port = listener.addresses.udp?.port ?? 0;
    write('0bad');
    await expect(listener.reload()).rejects.toMatchObject({
      code: 'ERR_STATSD_MAPPING',
      message: expect.stringContaining(`${mapping}:3, but got 0bad`),
    });
    await sendUdp(port, ['x:1|c']);
    await untilShown(() => registry.metrics(), 'first 1');
    write('second');
    await listener.reload();
    await sendUdp(port, ['x:2|c']);

    await untilShown(() => registry.metrics(), 'second 2');
    expect(await registry.metrics()).toContain(
      '\nprom_client_mmap_statsd_config_reloads_total{outcome="failure"} 1\n',
    );
  });

  test.each([
    [{ maping: 1 }, 'ERR_OPTION_UNKNOWN', 'did you mean mapping?'],
    [{ port: 65_536 }, 'ERR_OPTION_VALUE', 'a whole number from 0 to 65535'],
    [{ tcp: 'yes' }, 'ERR_OPTION_VALUE', 'true, false or a port'],
    [{ observerType: 'heatmap' }, 'ERR_OPTION_VALUE', "'histogram' or 'summary'"],
    [{ mapping: '/nowhere/statsd.yml' }, 'ERR_STATSD_MAPPING', '/nowhere/statsd.yml, but got ENOENT'],
    [{ registry: {} }, 'ERR_REGISTRY', 'Registry'],
  ])('rejects %o', async (options, code, text) => {
    await expect(listenStatsd(options as StatsdOptions)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(text),
    });
  });

  test('takes 50,000 lines without a loss', async () => {
    const registry = new Registry(undefined, { name: 'load' });
    const { addresses } = await listen({ registry });
    const lines = Array.from({ length: 50 }, (_, i) => `burst:1|c|#worker:${i % 5}`).join('\n');
    await sendUdp(
      addresses.udp?.port ?? 0,
      Array.from({ length: 1000 }, () => lines),
    );

    for (let worker = 0; worker < 5; worker++) {
      await untilShown(() => registry.metrics(), `burst{worker="${worker}"} 10000`);
    }
  });
});

describe('a group of processes', () => {
  test('has one listener, another one takes over within a second, and no count is lost', async () => {
    const port = await freePort();
    const env = { PROM_CLIENT_MMAP_DIR: newDirectory() };
    const members = [await Member.start({ port }, env), await Member.start({ port }, env)];
    const [first, second] = members as [Member, Member];
    expect(await second.addresses()).toEqual({});
    await sendUdp(port, ['jobs:5|c', 'level:10|g', 'level:+5|g|#a:b']);
    await untilShown(() => second.scrape(), 'level{a="b"} 5');
    first.child.kill('SIGKILL');
    const start = performance.now();
    await vi.waitUntil(async () => 'udp' in (await second.addresses()), { timeout: 60_000, interval: 20 });
    expect(performance.now() - start).toBeLessThan(1000);
    await sendUdp(port, ['jobs:2|c', 'level:-3|g', 'level:+1|g|#a:b']);

    await untilShown(() => second.scrape(), 'jobs 7');
    await untilShown(() => second.scrape(), 'level 7');
    await untilShown(() => second.scrape(), 'level{a="b"} 6');
    expect(second.warnings).toEqual([]);
  });

  test('a series of a process that was killed expires after its ttl, unless the next one has events of it', async () => {
    const port = await freePort();
    const directory = newDirectory();
    const mapping = join(directory, 'mapping.yml');
    writeFileSync(
      mapping,
      'mappings:\n- { match: "ttl.*", name: short, labels: { kind: $1 }, ttl: 2s }\n' +
        '- { match: "wait.*", name: wait, labels: { kind: $1 }, ttl: 2s }\n- { match: "long", name: long, ttl: 1h }\n',
    );
    const env = { PROM_CLIENT_MMAP_DIR: newDirectory() };
    const members = [await Member.start({ port, mapping }, env), await Member.start({ port, mapping }, env)];
    const [first, second] = members as [Member, Member];
    await sendUdp(port, ['ttl.a:5|c', 'ttl.b:1|c', 'wait.a:10|ms', 'long:1|c', 'other:1|c']);
    await untilShown(() => second.scrape(), 'other 1');
    expect(await second.scrape()).toContain('\nshort{kind="a"} 5\n');
    first.child.kill('SIGKILL');
    await vi.waitUntil(async () => 'udp' in (await second.addresses()), { timeout: 60_000, interval: 20 });
    expect(await second.scrape()).toContain('\nshort{kind="b"} 1\n');
    await vi.waitFor(
      async () => {
        await sendUdp(port, ['ttl.a:1|c']);
        expect(await second.scrape()).not.toMatch(/kind="b"|^wait/m);
      },
      { timeout: 60_000, interval: 200 },
    );
    expect(await second.scrape()).toMatch(/^short\{kind="a"\} ([6-9]|\d\d+)$/m);
    await vi.waitFor(async () => expect(await second.scrape()).not.toMatch(/^short\{/m), { timeout: 60_000 });
    await untilShown(() => second.scrape(), 'long 1');
    await untilShown(() => second.scrape(), 'other 1');
  });

  test('without the addon counts in the first process, with all sets of label names', async () => {
    const port = await freePort();
    const member = await Member.start({ port }, { PROM_CLIENT_MMAP_SHARED: '0' });
    await sendUdp(port, ['jobs:5|c', 'jobs:2|c|#kind:mail']);

    await untilShown(() => member.scrape(), 'jobs 5');
    await untilShown(() => member.scrape(), 'jobs{kind="mail"} 2');
  });

  test('warns once of a port that another application has, and takes it when it is free', async () => {
    const other = await listen({ registry: new Registry(undefined, { name: 'other' }) });
    const port = other.addresses.udp?.port ?? 0;
    const member = await Member.start({ port, tcp: false }, { PROM_CLIENT_MMAP_DIR: newDirectory() });
    await vi.waitUntil(() => member.warnings.length > 0, { timeout: 60_000 });
    await other.close();
    await vi.waitUntil(async () => 'udp' in (await member.addresses()), { timeout: 60_000 });

    expect(member.warnings).toMatchObject([{ code: 'ERR_STATSD_LISTEN' }]);
  });
});

describe('the command statsd', () => {
  test('listens, serves, and reads its mapping again at SIGHUP', async () => {
    const mapping = join(newDirectory(), 'mapping.yml');
    writeFileSync(mapping, 'mappings:\n- {match: x, name: before}\n');
    const [port, metrics] = [await freePort(), await freePort()];
    const running = await startCommand([
      ...['statsd', '--port', `${port}`, '--metrics-port', `${metrics}`, '--mapping', mapping],
    ]);
    const text = async (): Promise<string> => (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
    expect(running.line).toBe(`Listening for statsd at 127.0.0.1:${port}`);
    await sendUdp(port, ['x:1|c']);
    await untilShown(text, 'before 1');
    writeFileSync(mapping, 'mappings:\n- {match: x, name: after}\n');
    running.child.kill('SIGHUP');
    await untilShown(text, 'prom_client_mmap_statsd_config_reloads_total{outcome="success"} 1');
    await sendUdp(port, ['x:2|c']);

    await untilShown(text, 'after 2');
    writeFileSync(mapping, 'mappings:\n- {match: x}\n');
    running.child.kill('SIGHUP');
    await untilShown(text, 'prom_client_mmap_statsd_config_reloads_total{outcome="failure"} 1');
    await sendUdp(port, ['x:1|c']);
    await untilShown(text, 'after 3');
    expect(await running.end()).toBe(0);
  });

  test('counts into the group of an application', async () => {
    const directory = newDirectory();
    const port = await freePort();
    await startCommand(['statsd', '--port', `${port}`, '--dir', directory]);
    await sendUdp(port, ['x:3|c']);

    await untilShown(async () => (await command(['dump', directory])).stdout, 'x 3');
  });

  test('checks a mapping file', async () => {
    const directory = newDirectory();
    const write = (name: string, text: string): string => {
      writeFileSync(join(directory, name), text);
      return join(directory, name);
    };
    const good = write('good.yml', 'mappings:\n- match: a.*\n  name: a\n  nonsense: 1\n');
    const bad = write(
      'bad.yml',
      'mappings:\n- match: a.*\n  name: a\n- match: b.*\n  name: b\n  action: keep\n',
    );

    expect(await command(['statsd', '--check', '--mapping', good])).toMatchObject({
      code: 0,
      stdout: `${good}: 1 rule, no mistake\n`,
      stderr: expect.stringContaining(`${good}:4: the key nonsense`),
    });
    expect(await command(['statsd', '--check', '--mapping', bad])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`Expected map or drop at ${bad}:6, but got keep`),
    });
    expect(existsSync(join(directory, 'session'))).toBe(false);
  });
});

async function sendStream(
  to: { port: number; host: string } | { path: string },
  parts: readonly (string | Buffer)[],
): Promise<void> {
  const socket = 'path' in to ? connect(to.path) : connect(to.port, to.host);
  await once(socket, 'connect');
  socket.setNoDelay(true);
  for (const part of parts) await new Promise<void>((resolve) => socket.write(part, () => resolve()));
  const closed = once(socket, 'close');
  socket.resume();
  socket.end();
  await closed;
}

/** A packet as DogStatsD's clients write it to a stream. */
function frame(text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(Buffer.byteLength(text));
  return Buffer.concat([length, Buffer.from(text)]);
}
