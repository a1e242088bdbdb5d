// One trial of an application for one rival: its loops warm up together, then each is timed. The parent gets the nanoseconds
// of one call in each loop, and in the mix of all.
import { load } from '../rivals.mjs';
import { timeOf } from '../timing.mjs';
import { kinds } from './metrics.mjs';
import { Program } from './program.mjs';

const { rival, seconds, mixes } = JSON.parse(process.argv[2]);

const program = new Program(await load(rival));
for (let mix = 0; mix < mixes; mix++) program.mix();
const nanoseconds = { mix: nanosecondsOf(() => program.mix()) };
for (const { name } of kinds) nanoseconds[name] = nanosecondsOf(() => program.run(name));
await program.check();
process.send(nanoseconds, () => process.disconnect());

/** Of one of the calls that a run makes. */
function nanosecondsOf(run) {
  return (timeOf(run, seconds) * 1e9) / run();
}
