import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from '../soak/child.mjs';

const deaths = 3;
const pauseMs = 50;

/** Files of other groups, with records of every kind: segments, small and after a move, and the archive of dead owners. */
export async function makeTemplates(place) {
  const templates = [readFileSync(new URL('../golden/segment-1.0.bin', import.meta.url))];
  const take = (dir) => {
    for (const name of readdirSync(dir)) {
      if (name.startsWith('s.') || name === 'archive') templates.push(readFileSync(join(dir, name)));
    }
  };
  const dir = join(place, 'templates');
  mkdirSync(dir, { mode: 0o700 });
  const start = (argument) =>
    new Child('../fuzz/member.mjs', JSON.stringify({ dir, ...argument }), () => undefined);
  const observer = start({});
  for (let i = 0; i < deaths; i++) {
    const owner = start({ name: `template-${i}`, rich: i > 0 });
    await owner.scrape({ amount: i, renew: i === 2 });
    await owner.scrape({ renew: i === 2 });
    take(dir);
    owner.signal('SIGKILL');
    await owner.closed;
    while (readdirSync(dir).some((name) => name.startsWith('s.'))) {
      await observer.scrape();
      await sleep(pauseMs);
    }
    take(dir);
  }
  observer.signal('SIGKILL');
  await observer.closed;
  return templates;
}
