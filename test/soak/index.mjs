// `npm run soak -- --minutes N`: a group of real processes in which everything that can happen to one happens all the time,
// and each scrape is checked. Exits with 1 if anything is not as promised, and writes a page and a picture into the directory
// `--report`. The members that count, and how they die, are in slot.mjs and member.mjs, what is checked in judge.mjs and
// stocktaking.mjs, what was really counted in ledger.mjs.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Child } from './child.mjs';
import { Course } from './course.mjs';
import { Counts, Progress, quantile } from './figures.mjs';
import { Judge } from './judge.mjs';
import { Books } from './ledger.mjs';
import { doMischief } from './mischief.mjs';
import { summary, writeReport } from './report.mjs';
import { Slot } from './slot.mjs';
import { Stocktaking, totalOf } from './stocktaking.mjs';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    report: { type: 'string', default: fileURLToPath(new URL('../../build/soak/', import.meta.url)) },
  },
});
const minutes = Number(options.minutes);
if (!(minutes > 0)) throw new Error(`--minutes is a positive number, but got ${options.minutes}`);

const slots = {
  plain: {},
  second: {},
  all: { keepsAll: true },
  threaded: { threads: 1 },
  many: { threads: 2 },
};
/** Without owners: the archive, the locks and the leader, and the files of a compaction that was killed. */
const filesWithoutOwner = 8;
const stocktakingMs = 5000;
/** Each is a request to every owner, in a file. */
const removalsPerScrape = 0.2;

const memory = '/dev/shm';
const place = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'prom-client-mmap-soak-'));
const places = { directory: join(place, 'group'), ledgers: join(place, 'ledgers') };
mkdirSync(places.directory, { mode: 0o700 });
mkdirSync(places.ledgers);
const judge = new Judge();
const course = new Course();
const test = { judge, books: new Books(places.ledgers), counts: new Counts(), course, places, deleted: {} };
let last = new Map();
let isOver = false;
const endings = new AbortController();
process.once('SIGINT', end);
process.once('SIGTERM', end);
const timer = setTimeout(end, minutes * 60_000);

try {
  await soak();
} finally {
  clearTimeout(timer);
  rmSync(place, { recursive: true, force: true });
}

function end() {
  if (isOver) return;
  isOver = true;
  course.end();
  endings.abort();
}

async function soak() {
  const scraper = new Child('scraper.mjs', JSON.stringify({ dir: places.directory }), ({ warning }) => {
    if (warning !== undefined) judge.violation(`the scraper warns: ${warning}`);
  });
  await scrapeBy(scraper);
  const steady = new Slot('steady', { steady: true }, test);
  const steadyFile = await firstSegment();
  const members = Object.entries(slots).map(([name, slot]) => new Slot(name, slot, test));
  const progress = new Progress();
  const mischief = doMischief(test, { signal: endings.signal, steadyFile });
  const saboteur = new Child('saboteur.mjs', places.directory, ({ deleted }) => {
    if (deleted !== undefined) test.deleted = deleted;
  });
  const askers = [
    askMembers([...members, steady]),
    killScrapers(),
    new Stocktaking(test, members).repeat(stocktakingMs, endings.signal),
  ];
  while (!isOver) {
    await scrapeBy(scraper);
    progress.show(state);
    await sleep(20);
  }
  await Promise.all([mischief, ...askers]);
  saboteur.send({ stop: true });
  await saboteur.closed;
  await scrapeBy(scraper); // so that a member holds the session, whose file may have been deleted
  await Promise.all([...members, steady].map((slot) => slot.stop()));
  const filesLeft = await settled(scraper);
  progress.done();
  verify(filesLeft);
  report();
  scraper.send({ stop: true });
  await scraper.closed;
}

async function scrapeBy(scraper) {
  const before = judge.before();
  const answer = await scraper.scrape();
  if (answer === undefined) {
    const { code, signal, stderr } = await scraper.closed;
    throw new Error(`the scraper has died: code ${code}, signal ${signal}\n${stderr}`);
  }
  last = judge.check(answer, before, { who: 'the scraper', knows: true }) ?? last;
  const files = filesInGroup().length;
  test.counts.longest('most files', files);
  const [load] = loadavg();
  const owners = ownersOf('live');
  course.scraped({ ms: answer.ms, work: workOf(last), rss: answer.rss, files, owners, load });
}

/** Milliseconds of a scrape without waiting for others' `collect` functions. */
function workOf(values) {
  const phases = ['read', 'merge', 'render'];
  return phases.reduce(
    (sum, phase) => sum + 1000 * values.get(`prom_client_mmap_scrape_duration_seconds{phase="${phase}"}`),
    0,
  );
}

/** Any member answers for all. */
async function askMembers(members) {
  while (!isOver) {
    await sleep(150);
    const ready = members.filter((member) => member.isReady);
    const { child } = ready[Math.floor(Math.random() * ready.length)] ?? {};
    const before = judge.before();
    const answer = await child?.scrape();
    if (answer === undefined) continue; // dead, or about to be
    test.counts.count('scrapes of members');
    judge.check(answer, before, { who: 'a member' });
  }
}

/**
 * Scrapers that are killed in the middle of a scrape. They do not wait for `collect` functions and scrape without a pause,
 * so that most compactions happen while they read.
 */
async function killScrapers() {
  const argument = JSON.stringify({ dir: places.directory, collectDeadlineMs: 0 });
  while (!isOver) {
    const child = new Child('scraper.mjs', argument, () => undefined);
    const kill = setTimeout(() => child.signal('SIGKILL'), 500 + Math.random() * 3000);
    while (!child.isClosed) {
      const before = judge.before();
      const answer = await child.scrape({ remove: Math.random() < removalsPerScrape });
      if (answer === undefined) break;
      judge.check(answer, before, { who: 'a scraper that will be killed' });
      if (isOver) child.signal('SIGKILL');
    }
    await child.closed;
    clearTimeout(kill);
    test.counts.count('killed scrapers');
  }
}

async function firstSegment() {
  for (;;) {
    const segment = filesInGroup().find((name) => name.startsWith('s.'));
    if (segment !== undefined) return segment;
    await sleep(5);
  }
}

function filesInGroup() {
  return readdirSync(places.directory);
}

/** Waits until what all have left is in the archive; returns the files that are still there. */
async function settled(scraper) {
  const until = performance.now() + 20_000;
  do {
    await scrapeBy(scraper);
    await sleep(50);
  } while (ownersOf('dead') + ownersOf('live') > 0 && performance.now() < until);
  return filesInGroup();
}

function ownersOf(kind) {
  return last.get(`prom_client_mmap_owners{state="${kind}"}`) ?? 0;
}

function verify(filesLeft) {
  const { books } = test;
  if (ownersOf('dead') + ownersOf('live') > 0) {
    judge.violation(
      `${ownersOf('live')} owners live and ${ownersOf('dead')} are not compacted after all have ended`,
    );
  }
  if (filesLeft.length > filesWithoutOwner) {
    judge.violation(
      `${filesLeft.length} files are left, expected ${filesWithoutOwner}: ${filesLeft.join(' ')}`,
    );
  }
  if (!(last.get('prom_client_mmap_compacted_owners_total{}') <= books.lives)) {
    judge.violation(`more owners are compacted than ${books.lives}, who have lived`);
  }
  const failures = last.get('prom_client_mmap_compaction_failures_total{}');
  if (!(failures <= test.deleted['temporary files'])) {
    judge.violation(`${failures} compactions failed, ${test.deleted['temporary files']} files were deleted`);
  }
  for (const [key, counted] of books.expected()) {
    const more = last.get(key) - counted;
    if (!(more >= 0 && more <= (key.startsWith('steady') ? 0 : books.unclean))) {
      judge.violation(`${key} is ${last.get(key)} at the end, but ${counted} were counted`);
    }
  }
  // Without the waiting: how soon others answer depends on what else the machine does. Whether a scrape has to plan its merge
  // anew makes a difference of 2 ms, which is none over time.
  const { first, final } = course.firstAndLast('work');
  if (final > 2 * first + 2) {
    judge.violation(`to read, merge and render takes ${final} ms at the end, and took ${first} ms`);
  }
  const { early, late } = course.memoryOfScraper();
  if (late > early * 1.2 + 16)
    judge.violation(`the scraper has ${late} MiB at the end, and had ${early} MiB`);
}

/** Deaths of owners in the middle of their work. */
function killed() {
  const rows = new Map(test.counts.rows());
  return (rows.get('process, SIGKILL') ?? 0) + (rows.get('thread, terminate') ?? 0);
}

function state() {
  const times = course.scrapes.slice(-500).map(({ ms }) => ms);
  return [
    `${Math.round(course.seconds)} s`,
    `${test.counts.deaths} deaths`,
    `${killed()} kills`,
    `${last.get('prom_client_mmap_compacted_owners_total{}') ?? 0} compacted`,
    `${judge.scrapes} scrapes`,
    `${filesInGroup().length} files`,
    `p50 ${quantile(times, 0.5).toFixed(1)} ms`,
    `p99 ${quantile(times, 0.99).toFixed(1)} ms`,
    `total ${totalOf(last, 'jobs_total{')}`,
    `${judge.violations.length} violations`,
  ].join(', ');
}

function report() {
  const { books, counts } = test;
  const { violations } = judge;
  const inMs = (values) => values.map((ms) => ms.toFixed(2)).join(', ');
  const firstAndLast = (what) => inMs(Object.values(course.firstAndLast(what)));
  const { early, late } = course.memoryOfScraper();
  const shown = totalOf(last, 'jobs_total{');
  const rows = [
    ['seconds', Math.round(course.seconds)],
    ['deaths', `${counts.deaths}, of which ${books.unclean} may have been within a step`],
    ['kills: SIGKILL, terminate()', killed()],
    ['lost steps', Math.max(0, books.steps - shown)],
    ...counts.rows(),
    ...Object.entries(test.deleted).map(([kind, number]) => [`deleted: ${kind}`, number]),
    ['compactions that failed', last.get('prom_client_mmap_compaction_failures_total{}')],
    ['scrapes checked', judge.scrapes],
    ['stocktakings', course.stock.length],
    ['counted', books.steps],
    ['shown', `${shown}, ${shown - books.steps} more: steps in which a member died`],
    ['steady member: counted, shown', `${books.steadySteps}, ${last.get('steady_total{}')}`],
    ['compacted owners', last.get('prom_client_mmap_compacted_owners_total{}')],
    ['files at the end', filesInGroup().join(' ')],
    ['scrape, ms: p50, p99, longest', inMs(course.quantiles('ms', [0.5, 0.99, 1]))],
    ['read, merge and render, ms: p50, p99, longest', inMs(course.quantiles('work', [0.5, 0.99, 1]))],
    ['median scrape, ms: first, last minute', firstAndLast('ms')],
    ['median of read, merge and render, ms: first, last minute', firstAndLast('work')],
    ['load average of the machine: first, last minute', firstAndLast('load')],
    ['memory of the scraper, MiB: first, last third', `${early}, ${late}`],
    ['violations', violations.length],
  ];
  writeReport(options.report, { minutes, course, rows, violations });
  console.log(`${summary({ rows, violations })}\nThe report is ${join(options.report, 'report.md')}`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
