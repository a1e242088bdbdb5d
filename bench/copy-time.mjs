import { median } from './statistics.mjs';

/** Milliseconds that this machine takes to copy so many bytes of memory: a lower bound for any scrape. */
export function copyTime(bytes) {
  const [source, target] = [Buffer.alloc(bytes, 'x'), Buffer.alloc(bytes)];
  const times = Array.from({ length: 9 }, () => {
    const start = performance.now();
    source.copy(target);
    return performance.now() - start;
  });
  return median(times);
}
