// The part of `npm run fuzz` that changes whole directories: sound owners count, and readers scrape through the public API all the time,
// while everything else in the directory of their group is changed. After each round, each reader must answer with all that the sound
// owners have counted. FUZZ_SECONDS is how long it goes on, FUZZ_SEED begins the same changes again. A failure leaves the directory and a
// journal in build/fuzz/.
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from '../soak/child.mjs';
import { median } from '../soak/figures.mjs';
import { Directory } from './directory.mjs';
import { Random } from './random.mjs';
import { shortfall } from './sound.mjs';
import { makeTemplates } from './templates.mjs';

const seconds = Number(process.env.FUZZ_SECONDS ?? 20);
const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 32));
const patienceMs = 60_000;
/** Rounds between two restarts of an owner, and of the reader that has read nothing before. */
const roundsPerRestart = 40;
const answers = ['text', 'buffer', 'json', 'cluster'];
const mostMemory = 400 * 2 ** 20;

const memory = '/dev/shm';
const place = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'prom-client-mmap-fuzz-'));
const dir = join(place, 'group');
mkdirSync(dir, { mode: 0o700 });
const random = new Random(seed);
/** The sound owners, each with the number that it has counted. */
const owners = [];
const children = [];
/** Bytes of memory of the reader, after each round. */
const sizes = [];
let scrapes = 0;
/** Owners that have ever been started. */
let starts = 0;
let round = 0;
let directory;

process.once('exit', () => rmSync(place, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
try {
  console.log(`directories: ${seconds} s, FUZZ_SEED=${seed}`);
  await fuzz();
  console.log(
    `directories: ${round} rounds, ${directory.journal.length} changes, ${scrapes} scrapes, none without a sound number`,
  );
} catch (error) {
  keep(error);
  process.exitCode = 1;
} finally {
  for (const child of children) child.signal('SIGKILL');
  await Promise.all(children.map((child) => child.closed));
}

async function fuzz() {
  const templates = await makeTemplates(place);
  directory = new Directory(dir, random, { templates, pids: () => owners.map(({ child }) => child.pid) });
  const reader = start({});
  for (let i = 0; i < 2; i++) await addOwner();
  const end = performance.now() + seconds * 1000;
  for (; performance.now() < end; round++) {
    if (round % roundsPerRestart === roundsPerRestart - 1) await restart();
    for (let n = random.below(6); n > 0; n--) directory.change();
    const answer = random.of(answers);
    for (const owner of owners) {
      if (!random.once(3)) continue;
      owner.counted += 3;
      await scrape(owner.child, { amount: 3, renew: random.once(20), answer: 'text' });
    }
    const scraping = scrape(reader, { answer });
    // While it reads.
    if (random.once(2)) for (let n = random.below(6); n > 0; n--) directory.change();
    sizes.push((await scraping).rss);
  }
  const third = Math.ceil(sizes.length / 3);
  const [early, late] = [median(sizes.slice(0, third)), median(sizes.slice(-third))];
  if (late > 1.5 * early + 32 * 2 ** 20) throw new Error(`the reader grew from ${early} to ${late} bytes`);
}

/** One owner less and one more; a process that has just started sees all. */
async function restart() {
  const [old] = owners.splice(random.below(owners.length), 1);
  old.child.signal(random.once(2) ? 'SIGKILL' : 'SIGTERM');
  await old.child.closed;
  if (random.once(4)) directory.clear();
  await addOwner();
  const late = start({});
  for (const answer of new Set(answers)) await scrape(late, { answer });
  late.signal('SIGKILL');
  await late.closed;
}

async function addOwner() {
  const owner = { name: `owner-${starts++}`, counted: 1 };
  owner.child = start({ name: owner.name });
  await scrape(owner.child, { amount: 1 });
  owners.push(owner);
}

function start(argument) {
  const child = new Child('../fuzz/member.mjs', JSON.stringify({ dir, ...argument }), () => undefined);
  children.push(child);
  return child;
}

/** A scrape, which must come soon and have all numbers of the sound owners. */
async function scrape(child, request) {
  const sound = owners.map(({ name, counted }) => ({ name, counted }));
  let timer;
  const patience = new Promise((resolve) => {
    timer = setTimeout(resolve, patienceMs, 'late');
  });
  const answer = await Promise.race([child.scrape(request), patience]);
  clearTimeout(timer);
  if (answer === 'late') throw new Error(`no answer within ${patienceMs / 1000} s`);
  if (answer === undefined) {
    const { code, signal, stderr } = await child.closed;
    throw new Error(`a process has ended: code ${code}, signal ${signal}\n${stderr}`);
  }
  if (answer.error !== undefined) throw new Error(`a scrape was rejected: ${answer.error}`);
  if (answer.rss > mostMemory) throw new Error(`a process has ${answer.rss} bytes of memory`);
  scrapes++;
  const missing = shortfall(answer.value, sound);
  if (missing !== undefined) {
    const error = new Error(missing);
    error.answer = answer.value;
    throw error;
  }
  return answer;
}

function keep(error) {
  const kept = fileURLToPath(new URL(`../../build/fuzz/directory-${seed}/`, import.meta.url));
  rmSync(kept, { recursive: true, force: true });
  mkdirSync(kept, { recursive: true });
  const plain = readdirSync(dir).filter((name) => lstatSync(join(dir, name)).isFile());
  for (const name of plain) copyFileSync(join(dir, name), join(kept, name));
  writeFileSync(join(kept, 'journal.txt'), (directory?.journal ?? []).join('\n'));
  if (error.answer !== undefined)
    writeFileSync(
      join(kept, 'answer.txt'),
      typeof error.answer === 'string' ? error.answer : JSON.stringify(error.answer, null, 1),
    );
  console.error(
    `directories: round ${round} of FUZZ_SEED=${seed}: ${error.stack}\nThe directory is kept in ${kept}`,
  );
}
