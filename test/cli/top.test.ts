import { describe, expect, test } from 'vitest';
import { newDirectory } from '../multiprocess/support/directories';
import { type Member, spawn } from '../multiprocess/support/member';
import { command } from './support/command';
import { TerminalSession } from './support/terminal';

/** A process that serves 100 requests a second, each of 40 ms, of which every tenth fails. */
async function application(directory: string): Promise<Member> {
  const member = await spawn({ directory });
  await member.run(({ Counter, Gauge, Histogram }) => {
    const requests = new Counter({
      name: 'http_requests_total',
      help: 'h',
      labelNames: ['route', 'status_code'],
    });
    const durations = new Histogram({
      name: 'http_request_duration_seconds',
      help: 'h',
      labelNames: ['route'],
      buckets: [0.01, 0.05, 0.1],
    });
    new Gauge({ name: 'heap_bytes', help: 'h' }).set(3 * 1024 * 1024);
    let count = 0;
    // 10 at once, whatever the timer is late.
    const start = performance.now();
    setInterval(() => {
      for (; count < (performance.now() - start) / 10; count++) {
        requests.inc({ route: '/cart', status_code: count % 10 === 0 ? 500 : 200 });
        durations.observe({ route: '/cart' }, 0.04);
        durations.observe({ route: '/slow' }, 0.09);
      }
    }, 20);
  });
  return member;
}

describe('top', () => {
  test('shows requests, families, series and buckets on a terminal of 80x24, and leaves it as it was', async () => {
    const directory = newDirectory();
    await application(directory);
    const session = new TerminalSession(['top', directory, '-i', '0.5']);
    const screen = await session.shows(
      /requests (9\d(\.\d)?|1\d\d)\/s .*errors 1?\d\.\d % +p99 \d+(\.\d)? ms/,
    );
    expect(screen).toMatch(/^member\.mjs {2}1 process {2}\d+ series/);
    expect(screen).toMatch(/http_requests_total +2 series +\d+(\.\d)?\/s/);
    expect(screen).toMatch(/heap_bytes +3 MiB/);

    session.press('/duration\r');
    await session.shows(/^> http_request_duration_seconds/m);
    session.press('\r');
    const series = await session.shows(/^> route=\/cart|^ {2}route=\/cart/m);
    expect(series).toMatch(/route=\/slow +\d+(\.\d)?\/s +7\d(\.\d)? ms/);
    session.press('\r');
    await session.shows(/<= 50 ms +\d+ /);
    session.press('\u001b');
    await session.shows(/route=\/slow/);
    session.press('\u001b');
    await session.shows(/FAMILY/);
    session.press('w');
    await session.shows(/OWNER +STATE[\s\S]*\d+ +alive/);
    session.press('?');
    await session.shows(/open a family, then a series/);
    session.press('q');

    expect(await session.end()).toBe(0);
    expect(session.output.endsWith('\u001b[?7h\u001b[?25h\u001b[?1049l')).toBe(true);
  });

  test('groups the families by a label, at a key and by an option', async () => {
    const directory = newDirectory();
    await application(directory);
    const session = new TerminalSession(['top', directory, '-i', '0.5'], 100);
    await session.shows(/http_requests_total +2 series/);
    session.press('g');
    await session.shows(/grouped by route/);
    const screen = await session.shows(
      /http_request_duration_seconds +route=\/slow +\d+(\.\d)?\/s +7\d(\.\d)? ms/,
    );
    expect(screen).toMatch(/http_requests_total +route=\/cart/);
    expect(screen).toMatch(/heap_bytes/);
    session.press('/requests_total\r');
    await session.shows(/^> http_requests_total/m);
    session.press('\r');
    await session.shows(/route=\/cart,status_code=500/);
    session.press('q');
    const { stdout } = await command(['top', directory, '-i', '0.5', '--by', 'status_code']);

    expect(stdout).toMatch(/http_requests_total +status_code=500 +\d/);
    expect(stdout).toMatch(/http_request_duration_seconds +2 series/);
  });

  test('adds the series up by a label in JSON, too, and says that no family has a label', async () => {
    const directory = newDirectory();
    await application(directory);
    const [json, unknown] = await Promise.all([
      command(['top', directory, '-i', '0.5', '-n', '1', '--json', '--by', 'route']),
      command(['top', directory, '-i', '0.5', '--by', 'nosuch']),
    ]);
    const { families } = JSON.parse(json.stdout) as {
      families: { name: string; series: { labels: object }[] }[];
    };
    const labelsOf = (family: string): object[] | undefined =>
      families.find(({ name }) => name === family)?.series.map(({ labels }) => labels);

    expect(labelsOf('http_requests_total')).toEqual([{ route: '/cart' }]);
    expect(labelsOf('http_request_duration_seconds')).toEqual([{ route: '/cart' }, { route: '/slow' }]);
    expect(labelsOf('heap_bytes')).toEqual([{}]);
    expect(unknown.stdout).toContain('grouped by nosuch, a label that no family has');
  });

  test('shows the series of a family that have the text of the filter, with their rate only', async () => {
    const directory = newDirectory();
    await application(directory);
    const { stdout } = await command(['top', directory, '-i', '0.5', '--filter', 'route=/slow']);

    expect(stdout).toMatch(/^. http_request_duration_seconds +route=\/slow +\d/m);
    expect(stdout).not.toContain('heap_bytes');
    expect(stdout).not.toContain('http_requests_total  ');
  });

  test('shows exponential buckets as bars, and keeps its columns where labels have wide characters', async () => {
    const directory = newDirectory();
    const member = await spawn({ directory });
    await member.run(({ Histogram }) => {
      const wait = new Histogram({
        name: 'wait_seconds',
        help: 'h',
        labelNames: ['city'],
        buckets: [],
        nativeHistogramBucketFactor: 1.1,
      });
      setInterval(() => {
        for (let i = 1; i < 200; i++) wait.observe({ city: '東京都'.repeat(20) }, i / 100);
        wait.observe({ city: 'Oslo' }, 0.3);
      }, 20);
    });
    const session = new TerminalSession(['top', directory, '-i', '0.5'], 80, 24, { LC_ALL: 'C' });
    await session.shows(/wait_seconds +2 series +[\d.]+( k)?\/s/);
    session.press('\r');
    await session.shows(/^ {2}city=Oslo +\d+(\.\d)?\/s +\d/m);
    // Two columns for each character, and ASCII in a locale without others.
    await session.shows(/^> city=\?{32}~ +[\d.]+ k\/s +\d.* [_.=+*%#-]+ *$/m);
    session.press('\r');
    const screen = await session.shows(/<= 2(\.\d+)? s +[\d.]+( k)? #/);
    expect(screen.split('\n').filter((line) => line.includes('<=')).length).toBeGreaterThan(10);
    session.press('q');

    expect(await session.end()).toBe(0);
  });

  test('shows the last values of an application that ends, and ends itself at SIGINT', async () => {
    const directory = newDirectory();
    const member = await application(directory);
    const session = new TerminalSession(['top', directory, '-i', '0.2']);
    await session.shows(/requests \d/);
    await member.kill();
    await session.shows(/The application has ended/);
    expect(session.screen()).toContain('heap_bytes');
    session.press('\u0003');

    expect(await session.end()).toBe(0);
  });

  test('says that a terminal is too small', async () => {
    const directory = newDirectory();
    await application(directory);
    const session = new TerminalSession(['top', directory], 30, 5);
    await session.shows(/^This terminal has 30x5/);
    session.press('q');

    expect(await session.end()).toBe(0);
  });

  test('writes frames as text and as JSON where there is no terminal', async () => {
    const directory = newDirectory();
    await application(directory);
    const [text, json] = await Promise.all([
      command(['top', directory, '-i', '0.5']),
      command(['top', directory, '-i', '0.5', '-n', '2', '--json', '--filter', 'status_code=500']),
    ]);
    const documents = json.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));

    expect(text).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/http_requests_total +2 series +\d/),
    });
    expect(documents).toHaveLength(2);
    expect(documents[1].families).toEqual([
      {
        name: 'http_requests_total',
        type: 'counter',
        series: [{ labels: { route: '/cart', status_code: '500' }, rate: expect.closeTo(10, -1) }],
      },
    ]);
  });

  test('refuses an interval and a count that are none', async () => {
    const directory = newDirectory();
    await application(directory);

    expect(await command(['top', directory, '-i', '0'])).toMatchObject({ code: 2 });
    expect(await command(['top', directory, '-n', 'x'])).toMatchObject({ code: 2 });
  });
});
