// One trial of a group in which many owners have died: worker threads that counted and ended. At each number of deaths a fresh
// process scrapes, after the segments of the dead have been compacted.
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Group } from './group.mjs';
import { MemberProcess } from './member-process.mjs';

const { command, processes, series, owners, scrapes } = JSON.parse(process.argv[2]);

const work = { metric: 'counter', series };
const group = new Group(command, processes, work);
// So often that V8 has compiled it: its compiler would take the processors from the first scrapes.
for (let round = 0; round < 50; round++) await group.count();
const scraper = new MemberProcess(command, group.directory, work);
process.env.PROMETHEUS_MULTIPROC_DIR = group.directory;

const stages = [];
let dead = 0;
for (const wanted of owners) {
  await Promise.all([die(wanted), die(wanted)]);
  await untilCompacted();
  stages.push({ dead, scrapes: await group.judged(scrapes, dead * series) });
}
await scraper.end();
await group.end();
process.send({ stages }, () => process.exit());

/** Starts owners one after the other until so many have died, with a scrape after every 50 deaths. */
async function die(wanted) {
  while (dead < wanted) {
    if (++dead % 50 === 0) await scraper.ask('scrape');
    await new Promise((resolve, reject) => {
      const owner = new Worker(new URL('short-lived.mjs', import.meta.url), { workerData: { series } });
      owner.once('error', reject);
      owner.once('exit', resolve);
    });
  }
}

/** A scrape that finds segments of dead owners has them compacted. */
async function untilCompacted() {
  const isSegment = (file) => file.startsWith('s.');
  while (readdirSync(group.directory).filter(isSegment).length > processes) {
    await scraper.ask('scrape');
    await sleep(50);
  }
}
