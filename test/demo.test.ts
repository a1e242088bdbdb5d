import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';

const folder = join(__dirname, '..', 'examples', 'polls');

describe('the demo', () => {
  let demo: Run | undefined;
  afterEach(() => demo?.child.kill('SIGTERM'));

  test('counts every answered request of a cluster that loses a worker, and exits with 0', async () => {
    demo = startDemo('--seconds', '6', '--no-prometheus');
    const [code] = await once(demo.child, 'close');

    expect(demo.output).toContain('✔ Every answered request is counted exactly once');
    expect(code).toBe(0);
    const [sent, answered = 0, cut = 0, counted] = figures(
      demo.output,
      /sent by the generator +(\d+)\n +answered +(\d+)\n +cut off by the SIGKILL +(\d+).*\n +counted by \/metrics +(\d+)/,
    );
    expect(sent).toBe(1600);
    expect(answered + cut).toBe(sent);
    expect(answered - (counted ?? 0)).toBeLessThanOrEqual(1);
    expect(counted).toBeLessThanOrEqual(answered);
    const [killed] = figures(demo.output, /(\d+) +killed\n/);
    expect(killed).toBeGreaterThan(0);
    expect(demo.output).not.toContain('\x1b');
  }, 90_000);

  test('ends everything it started when it is interrupted', async () => {
    demo = startDemo('--seconds', '60');
    await progress(demo);
    const pids = descendants(demo.child.pid);
    expect(pids.length).toBeGreaterThanOrEqual(6); // The primary, four workers and the generator.

    demo.child.kill('SIGINT');
    const [code] = await once(demo.child, 'close');
    expect(code).toBe(130);
    expect(pids.filter(isAlive)).toEqual([]);
  }, 90_000);
});

describe('the verdict of the demo', () => {
  const exact = {
    generator: { amount: 100, sent: 100, answered: 97, timeouts: 0 },
    killed: { id: 2 },
    scraper: { backwards: [], unanswered: 0 },
    total: { answered: 97, counted: 97, observed: 97, handedOver: 97 },
    pages: [{ endpoint: '/a/', answered: 97, counted: 97, observed: 97 }],
    disagreements: [],
    prometheus: 97,
  };
  const { total } = exact;

  test.each<[string, object]>([
    ['nothing differs', {}],
    ['Prometheus did not run', { prometheus: undefined }],
    ['the SIGKILL came before the response left', { total: { ...total, handedOver: 98 } }],
    ['the SIGKILL came right after it', { total: { ...total, handedOver: 98, answered: 98 } }],
  ])('is good when %s', async (_, changes) => {
    expect(await differences({ ...exact, ...changes })).toEqual([]);
  });

  test.each<[string, object, string]>([
    ['an answer is not counted', { total: { ...total, answered: 98 } }, '98 answered, but 97 counted'],
    ['a count has no answer', { total: { ...total, answered: 96 } }, '96 answered, but 97 counted'],
    [
      'a SIGKILL would have to explain two counts',
      { total: { ...total, answered: 99, handedOver: 99 } },
      '99 answers were handed over, but 97 counted',
    ],
    ['a latency is missing', { total: { ...total, observed: 96 } }, '97 counted, but 96 timed'],
    [
      'only one page differs',
      { pages: [{ endpoint: '/a/', answered: 97, counted: 96, observed: 96 }] },
      '/a/: 97 answered, but 96 counted',
    ],
    [
      'a scrape went backwards',
      { scraper: { backwards: ['x went from 2 to 1'], unanswered: 0 } },
      'x went from',
    ],
    ['scrapes got no answer', { scraper: { backwards: [], unanswered: 3 } }, '3 scrapes got no answer'],
    ['workers disagree', { disagreements: ['worker 7 answers otherwise'] }, 'worker 7 answers otherwise'],
    ['Prometheus holds another total', { prometheus: 96 }, 'Prometheus holds 96 requests, /metrics 97'],
    ['no worker was killed', { killed: undefined }, 'before a worker could be killed'],
  ])('is bad when %s', async (_, changes, text) => {
    expect(await differences({ ...exact, ...changes })).toContainEqual(expect.stringContaining(text));
  });
});

interface Run {
  readonly child: ChildProcess;
  output: string;
}

/** The demo as a user starts it, but on a pipe. */
function startDemo(...args: readonly string[]): Run {
  const child = spawn(process.execPath, [join(folder, 'demo.mjs'), ...args]);
  const run = { child, output: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      run.output += chunk;
    });
  }
  return run;
}

/** Waits for the first line of progress: by then everything has been started. */
async function progress(run: Run): Promise<void> {
  while (!run.output.includes('last scrape by pid')) {
    if (run.child.exitCode !== null) throw new Error(`The demo ended before its load began:\n${run.output}`);
    await Promise.race([once(run.child.stdout ?? run.child, 'data'), once(run.child, 'exit')]);
  }
}

function figures(output: string, pattern: RegExp): number[] {
  return (pattern.exec(output)?.slice(1) ?? []).map(Number);
}

async function differences(facts: object): Promise<string[]> {
  const report = await import(pathToFileURL(join(folder, 'report.mjs')).href);
  return report.differences(facts);
}

/** All processes that descend from one, as /proc tells. */
function descendants(ancestor: number | undefined): number[] {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), parent: parentOf(name) }));
  const below = (pid: number | undefined): number[] =>
    processes.filter(({ parent }) => parent === pid).flatMap((child) => [child.pid, ...below(child.pid)]);
  return below(ancestor);
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined; // It ended while we were looking.
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
