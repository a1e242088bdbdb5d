// The durations that four processes observe, in seconds: lognormal, and those of the last process are 25 times as long.
import { random } from '../random.mjs';

const shares = [0.7, 0.22, 0.06, 0.02];
export const processes = shares.length;

/** The durations of one process of a trial. */
export function latenciesOf(process, total, seed) {
  const next = random(seed * processes + process);
  const scale = process === processes - 1 ? 25 : 1;
  return Array.from({ length: Math.round(total * shares[process]) }, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    return 0.012 * scale * Math.exp(0.8 * normal);
  });
}
