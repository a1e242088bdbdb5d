import { median } from './statistics.mjs';

/** Milliseconds in which the memory of this machine takes in so many bytes from another place: the limit of any scrape. */
export function copyTime(bytes) {
  const [source, target] = [Buffer.alloc(bytes, 'x'), Buffer.alloc(bytes)];
  const times = Array.from({ length: 9 }, () => {
    const start = performance.now();
    source.copy(target);
    return performance.now() - start;
  });
  return median(times);
}
