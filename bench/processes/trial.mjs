// One trial of scraping a group of processes.
import { copyTime } from '../copy-time.mjs';
import { Group } from './group.mjs';

const { command, processes, metric, series, cells, scrapes } = JSON.parse(process.argv[2]);

const group = new Group(command, processes, { metric, series });
await group.count();
const done = await group.judged(scrapes);
await group.end();
process.send({ scrapes: done, copy: copyTime(done[0].bytes + processes * series * cells * 8) }, () =>
  process.exit(),
);
