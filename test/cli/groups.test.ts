import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { judged } from '../judges/openmetrics/index';
import { newDirectory, ownDirectory, segmentsIn } from '../multiprocess/support/directories';
import { spawn } from '../multiprocess/support/member';
import { command } from './support/command';
import { TerminalSession } from './support/terminal';

/** Of the time of the last heartbeat in a segment's header (docs/format.md). */
const heartbeatBoottimeOffset = 320;

/** Counts in a member. */
const count = ({ Counter, Histogram, Registry }: typeof import('../../src/index')): void => {
  const hits = new Counter({ name: 'hits_total', help: 'Hits.', labelNames: ['path'] });
  hits.inc({ path: '/' }, 3);
  new Histogram({ name: 'wait_seconds', help: 'Waiting.', buckets: [0.1, 1] }).observe(0.5);
  const mail = new Registry(undefined, { name: 'mail' });
  new Counter({ name: 'mail_total', help: 'Mails.', registers: [mail] }).inc(7);
  Object.assign(globalThis, { mail }); // or it is garbage, and its counts leave the group
};

async function application(directory: string, env: Record<string, string> = {}) {
  const member = await spawn({ directory, env });
  await member.run(count);
  return member;
}

describe('every command', () => {
  test('is listed without arguments, and explains itself', async () => {
    const usage = await command([]);
    const names = [...usage.stdout.matchAll(/^ {2}(\w+) +\S/gm)].map(([, name = '']) => name);
    const files = [...readdirSync('src/cli/commands'), ...readdirSync('bin/commands')];
    const helps = await Promise.all(names.map((name) => command([name, '--help'])));

    expect(usage.code).toBe(2);
    expect(new Set(names)).toEqual(new Set(files.map((file) => file.replace(/\.\w+$/, ''))));
    for (const [i, name] of names.entries()) {
      expect(helps[i]).toMatchObject({ code: 0, stderr: '' });
      expect(helps[i]?.stdout).toContain(`Usage: prom-client-mmap ${name}`);
    }
  });

  test('refuses an option that it does not have', async () => {
    const results = await Promise.all(
      ['list', 'dump', 'check', 'clean', 'doctor', 'serve', 'targets'].map((name) =>
        command([name, '--nonsense']),
      ),
    );

    for (const { code, stderr } of results) {
      expect(code).toBe(2);
      expect(stderr).toContain("Unknown option '--nonsense'");
    }
  });

  test('is named in docs/cli.md', () => {
    const documented = [...readFileSync('docs/cli.md', 'utf8').matchAll(/^### (\w+)$/gm)].map(
      ([, name]) => name,
    );

    expect(new Set(documented)).toEqual(
      new Set(readdirSync('src/cli/commands').map((file) => file.replace(/\.ts$/, ''))),
    );
  });
});

describe('list', () => {
  test('shows a group by its directory, with processes, owners and series', async () => {
    const directory = newDirectory();
    const one = await application(directory);
    const two = await application(directory);
    const groups = JSON.parse((await command(['list', '--json'])).stdout);
    const text = (await command(['list'])).stdout;

    expect(groups.find((group: { directory: string }) => group.directory === directory)).toMatchObject({
      application: 'member.mjs',
      state: 'running',
      pids: [one.pid, two.pid].sort((a, b) => a - b),
      owners: { live: 2, dead: 0, archived: 0 },
      series: 6,
      unreadableFiles: 0,
    });
    expect(text).toMatch(new RegExp(`^member.mjs +running +\\d+,\\d+ +2 +6 .* ${directory}$`, 'm'));
  });

  test('finds a group that the library has named, and tells stopped and crashed applications', async () => {
    const named = await spawn();
    await named.run(count);
    const directory = newDirectory();
    const member = await application(directory);
    const listed = JSON.parse((await command(['list', '--json'])).stdout);
    expect(listed.map((group: { directory: string }) => group.directory)).toContain(ownDirectory(named.pid));
    const stateOf = async (): Promise<string> => {
      const groups = JSON.parse(
        (await command(['list', '--json'], { PROM_CLIENT_MMAP_DIR: directory })).stdout,
      );
      return groups.find((group: { directory: string }) => group.directory === directory)?.state;
    };

    expect(await stateOf()).toBe('running');
    process.kill(member.pid, 'SIGSTOP');
    expect(await stateOf()).toBe('stopped');
    await member.kill();
    expect(await stateOf()).toBe('ended');
    expect((await command(['clean', directory, '--yes'])).code).toBe(0);
  });
});

describe('dump', () => {
  test('shows all registries of all processes, as a scrape merges them, and changes nothing', async () => {
    const directory = newDirectory();
    await application(directory);
    await application(directory);
    const before = ownersFiles(directory);
    const { code, stdout } = await command(['dump', directory]);

    expect(code).toBe(0);
    expect(stdout).toContain('\nhits_total{path="/"} 6\n');
    expect(stdout).toContain('\nwait_seconds_bucket{le="1"} 2\n');
    expect(stdout).toContain('\nmail_total 14\n');
    expect(ownersFiles(directory)).toEqual(before);
  });

  test('shows one process, each process apart, one family, one registry, and other formats', async () => {
    const directory = newDirectory();
    const one = await application(directory);
    const two = await application(directory);
    const dump = async (...args: string[]): Promise<string> =>
      (await command(['dump', directory, ...args])).stdout;

    expect(await dump('--pid', `${one.pid}`)).toContain('\nhits_total{path="/"} 3\n');
    const apart = await dump('--per-process', '--name', 'hits_total');
    expect(apart).toContain(`\nhits_total{path="/",pid="${one.pid}"} 3\n`);
    expect(apart).toContain(`\nhits_total{path="/",pid="${two.pid}"} 3\n`);
    expect(apart).not.toContain('mail_total');
    const mail = await dump('--registry', 'mail');
    expect(mail).toContain('\nmail_total 14\n');
    expect(mail).not.toContain('hits_total');
    const openMetrics = await dump('--format', 'openmetrics', '--self-metrics');
    expect(judged(openMetrics)).toMatch(/^# TYPE hits counter\n[\s\S]*\n# EOF\n$/);
    expect(judged(await dump('--format', 'openmetrics2', '--self-metrics'), 2)).toMatch(
      /^# TYPE hits_total counter\n.*\nhits_total\{path="\/"\} 6 st@\d+(\.\d+)?\n[\s\S]*\n# TYPE prom_client_mmap_compacted_owners_total counter\n/,
    );
    expect(openMetrics).toContain('\n# TYPE prom_client_mmap_compacted_owners counter\n');
    expect(JSON.parse(await dump('--format', 'json', '--pid', `${two.pid}`))).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'hits_total', values: [{ labels: { path: '/' }, value: 3 }] }),
      ]),
    );
    expect(await dump('--format', 'protobuf')).toContain('hits_total');
    expect(await dump('--self-metrics')).toContain('\nprom_client_mmap_owners{state="live"} 2\n');
  });

  test('shows a blocked, a stopped and a crashed application, by its pid while it lives', async () => {
    const directory = newDirectory();
    const member = await application(directory);
    void member
      .run(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000))
      .catch(() => undefined);
    const dumps = [await command(['dump', `${member.pid}`, '--collect'])];
    process.kill(member.pid, 'SIGSTOP');
    dumps.push(await command(['dump', `${member.pid}`]));
    await member.kill();
    dumps.push(await command(['dump', directory]));

    for (const { code, stdout } of dumps) {
      expect(code).toBe(0);
      expect(stdout).toContain('\nhits_total{path="/"} 3\n');
    }
  });

  test('leaves the numbers of a crashed application, and the next one begins at zero all the same', async () => {
    const directory = newDirectory();
    const crashed = await application(directory);
    await crashed.kill();
    await command(['dump', directory]);
    const next = await application(directory);

    expect(await next.scrape()).toContain('\nhits_total{path="/"} 3\n');
  });

  test('with --collect asks the application for new values', async () => {
    const directory = newDirectory();
    const member = await spawn({ directory });
    await member.run(({ Gauge }) => {
      new Gauge({
        name: 'asked',
        help: 'h',
        collect() {
          this.set(42);
        },
      }).set(1);
    });

    expect((await command(['dump', directory])).stdout).toContain('\nasked 1\n');
    expect((await command(['dump', directory, '--collect'])).stdout).toContain('\nasked 42\n');
  });

  test('says what is wrong with its arguments', async () => {
    const directory = newDirectory();
    await application(directory);
    const missing = await command(['dump', join(directory, 'none')]);
    const unknown = await command(['dump', 'no-such-application']);
    const process = await command(['dump', directory, '--pid', '1']);
    const format = await command(['dump', directory, '--format', 'xml']);
    const pid = await command(['dump', directory, '--pid', 'x']);

    expect(missing).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('prom-client-mmap dump: Expected a group'),
    });
    expect(unknown).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("named 'no-such-application'"),
    });
    expect(process).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('living process of this group, but got 1'),
    });
    expect(format).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('text, openmetrics, openmetrics2, protobuf, json'),
    });
    expect(pid).toMatchObject({ code: 2, stderr: expect.stringContaining('the pid of a process') });
  });

  test('refuses a directory in which other users may write, unless it is told to trust them', async () => {
    const directory = newDirectory();
    chmodSync(directory, 0o777);
    await application(directory, { PROM_CLIENT_MMAP_ALLOW_SHARED_DIRECTORY: '1' });

    expect(await command(['dump', directory])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('mode is 777'),
    });
    expect((await command(['dump', directory, '--allow-shared-directory'])).stdout).toContain(
      'hits_total{path="/"} 3',
    );
  });

  test('names the commands to choose from when there are several groups', async () => {
    const directories = [newDirectory(), newDirectory()];
    for (const directory of directories) await application(directory);
    const { code, stderr } = await command(['dump']);

    expect(code).toBe(1);
    for (const directory of directories) expect(stderr).toContain(`. prom-client-mmap dump ${directory}\n`);
  });
});

describe('check', () => {
  test('finds nothing wrong with a sound group, its archive and its crashed processes', async () => {
    const directory = newDirectory();
    const dead = await application(directory);
    const survivor = await application(directory);
    await dead.kill();
    await survivor.scrape();
    await vi.waitUntil(() => existsSync(join(directory, 'archive')), {
      timeout: 60_000,
    });
    const crashed = await application(directory);
    await crashed.kill();

    expect(await command(['check', directory])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Nothing is wrong.'),
    });
  });

  test.each([
    ['a foreign file', 'foreign', (directory: string) => writeFileSync(join(directory, 'notes.txt'), 'x')],
    [
      'a segment that is cut off',
      'truncated',
      (directory: string) => truncateSync(join(directory, segmentsIn(directory)[0] ?? ''), 10_000),
    ],
    [
      'a damaged header',
      'corrupt',
      (directory: string) => change(join(directory, segmentsIn(directory)[0] ?? ''), 80),
    ],
    [
      'a damaged record',
      'corrupt',
      (directory: string) => change(join(directory, segmentsIn(directory)[0] ?? ''), 4096 + 40),
    ],
    [
      'a copy of a segment',
      'duplicate',
      (directory: string) => {
        const [name = ''] = segmentsIn(directory);
        copyFileSync(join(directory, name), join(directory, `${name}0`));
      },
    ],
  ])('finds %s', async (_what, reason, damage) => {
    const directory = newDirectory();
    const member = await application(directory);
    await member.kill();
    damage(directory);
    const { code, stdout } = await command(['check', directory, '--json']);
    const { files, problems } = JSON.parse(stdout);

    expect(code).toBe(1);
    expect(files.filter((file: { reason: string }) => file.reason === reason)).toHaveLength(1);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ severity: 'problem', advice: expect.stringMatching(/\w/) });
    if (_what === 'a damaged record') expect(problems[0].where).toContain(', record at byte 4');
    expect((await command(['check', directory])).stdout).toContain('1 problem.');
  });

  test('finds an owner that has dropped updates of series above its limit', async () => {
    const directory = newDirectory();
    const member = await spawn({ directory, env: { PROM_CLIENT_MMAP_MAX_SERIES: '2' } });
    await member.run(({ Counter }) => {
      const hits = new Counter({ name: 'hits_total', help: 'Hits.', labelNames: ['path'] });
      for (const path of ['/1', '/2', '/3', '/4', '/4']) hits.inc({ path });
    });
    const { code, stdout } = await command(['check', directory]);

    expect(code).toBe(1);
    expect(stdout).toContain('has dropped 3 updates of series above its limit, maxSeries.');
  });

  test('notes a stopped process, which is no problem', async () => {
    const directory = newDirectory();
    const member = await application(directory);
    process.kill(member.pid, 'SIGSTOP');
    overwrite(
      join(directory, segmentsIn(directory)[0] ?? ''),
      heartbeatBoottimeOffset,
      Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]),
    );
    const { code, stdout } = await command(['check', directory, '--json']);
    const { problems } = JSON.parse(stdout);

    expect(code).toBe(0);
    expect(problems).toMatchObject([{ severity: 'note', what: expect.stringContaining('no sign of life') }]);
    await member.kill();
  });
});

describe('clean', () => {
  test('removes the group of a crashed application when it is told, and never one that lives', async () => {
    const directory = newDirectory();
    const member = await application(directory);
    writeFileSync(join(directory, 'notes.txt'), 'of the user');
    const alive = await command(['clean', directory, '--yes']);
    const kept = readdirSync(directory);
    await member.kill();
    const unasked = await command(['clean', directory]);
    const keptToo = readdirSync(directory);
    const removed = await command(['clean', directory, '--yes', '--json']);

    expect(alive).toMatchObject({ code: 1, stderr: expect.stringContaining('has a living process') });
    expect(kept.some((name) => name.startsWith('s.'))).toBe(true);
    expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
    expect(keptToo.some((name) => name.startsWith('s.'))).toBe(true);
    expect(JSON.parse(removed.stdout)).toEqual({ removed: [directory], failed: [] });
    expect(readdirSync(directory)).toEqual(['notes.txt']);
  });

  test('asks at a terminal, and only yes removes the group', async () => {
    const directory = newDirectory();
    const member = await application(directory);
    await member.kill();
    const answers = ['n', '', 'y'];
    const codes: unknown[] = [];
    const left: boolean[] = [];
    for (const answer of answers) {
      const session = new TerminalSession(['clean', directory], 200, 24);
      await vi.waitFor(() => expect(session.output).toContain('Remove 1 group with these numbers? [y/N]'), {
        timeout: 60_000,
      });
      session.press(`${answer}\r`);
      codes.push(await session.end());
      expect(session.output).toContain(answer === 'y' ? 'Removed 1 group.' : 'Nothing was removed.');
      left.push(existsSync(directory));
    }

    expect(codes).toEqual([0, 0, 0]);
    expect(left).toEqual([true, true, false]);
  });

  test('leaves directories that applications have named, unless they are passed', async () => {
    const directory = newDirectory();
    const member = await application(directory);
    await member.kill();
    const { code } = await command(['clean', '--yes'], { PROM_CLIENT_MMAP_DIR: directory });

    expect(code).toBe(0);
    expect(segmentsIn(directory)).toHaveLength(1);
  });
});

describe('doctor', () => {
  test('finds a sound machine sound', async () => {
    const { code, stdout } = await command(['doctor']);

    expect(code).toBe(0);
    expect(stdout).toMatch(/^ok +addon: version \S+, \//m);
    expect(stdout).toContain('shares its metrics.');
  });

  test.each([
    ['a missing addon', { NODE_OPTIONS: '--no-addons' }, 'addon'],
    ['a variable that switches sharing off', { PROM_CLIENT_MMAP_SHARED: '0' }, 'environment'],
  ])('finds %s, with advice', async (_what, env, subject) => {
    const { code, stdout } = await command(['doctor', '--json'], env);

    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toContainEqual(
      expect.objectContaining({ subject, verdict: 'problem', advice: expect.stringMatching(/\w/) }),
    );
  });

  test('warns of a variable without effect', async () => {
    const { code, stdout } = await command(['doctor'], { PROM_CLIENT_MMAP_VIEW: 'everything' });

    expect(code).toBe(0);
    expect(stdout).toMatch(/^warning +environment: PROM_CLIENT_MMAP_VIEW=everything has no effect$/m);
  });
});

/** Inverts a byte. */
function change(file: string, offset: number): void {
  overwrite(file, offset, Buffer.from([(readFileSync(file)[offset] ?? 0) ^ 0xff]));
}

/** In place: the file may be mapped. */
function overwrite(file: string, offset: number, bytes: Buffer): void {
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, bytes, 0, bytes.length, offset);
  closeSync(descriptor);
}

/** Segments and FIFOs. Owners make and remove other files at any time. */
function ownersFiles(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => /^[sw]\./.test(name))
    .sort();
}
