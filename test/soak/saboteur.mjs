// A process that deletes files of the group, which its argument names, at random: the locks, wake-up FIFOs and requests of owners that
// live, and temporary files while they are written. At the message `stop` it tells how many of each it has deleted.
import { readdirSync, unlinkSync, watch } from 'node:fs';

const directory = process.argv[2];
const everyMs = 50;
const kinds = [
  ['lock', /^lock$/],
  ['leader', /^leader$/],
  ['session', /^session$/],
  ['wake-up FIFOs', /^w\./],
  ['requests', /^r\./],
  ['temporary files', /^\.t\./],
];
/** They exist for less than a millisecond, so the kernel's message says that there is one. */
const shortLived = ['requests', 'temporary files'];
const deleted = Object.fromEntries(kinds.map(([kind]) => [kind, 0]));

/** Those that it has decided on. An owner tries ten times to make its file, so a fifth of them may go. */
const seen = new Set();
const watcher = watch(directory, (_, name) => {
  if (!shortLived.includes(kindOf(name)) || seen.has(name)) return;
  seen.add(name);
  if (Math.random() < 0.2) remove(name);
});
const timer = setInterval(() => {
  const names = readdirSync(directory).filter((name) => kindOf(name) !== undefined);
  const [kind] = kinds[Math.floor(Math.random() * kinds.length)];
  const some = names.filter((name) => kindOf(name) === kind);
  if (some.length > 0) remove(some[Math.floor(Math.random() * some.length)]);
}, everyMs);
process.on('disconnect', () => process.exit());
process.on('message', ({ stop }) => {
  if (!stop) return;
  watcher.close();
  clearInterval(timer);
  process.send({ deleted }, () => process.disconnect());
});
process.send({ ready: true });

function kindOf(name) {
  return kinds.find(([, pattern]) => pattern.test(name))?.[0];
}

function remove(name) {
  try {
    unlinkSync(`${directory}/${name}`);
    deleted[kindOf(name)]++;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}
