import { createHash } from 'node:crypto';
import { median } from '../statistics.mjs';

/** Scrapes of a cluster by this process. */
export class Scrape {
  #text = '';

  /** Milliseconds from the call to the text; of several calls at once, to the last of their texts. */
  async run(metrics, atOnce = 1) {
    const start = performance.now();
    [this.#text] = await Promise.all(Array.from({ length: atOnce }, metrics));
    return performance.now() - start;
  }

  /** What the text was. The digest is the same for all that say the same, whatever the order of lines and labels. */
  facts() {
    const lines = this.#text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const sorted = lines.map((line) => line.split(/[{},]/).sort().join()).sort();
    return {
      samples: lines.length,
      bytes: Buffer.byteLength(this.#text),
      copy: copyTime(Buffer.from(this.#text)),
      digest: createHash('sha256').update(sorted.join('\n')).digest('hex'),
    };
  }
}

/** Milliseconds in which the memory of this machine takes in as many bytes from another place. */
function copyTime(source) {
  const target = Buffer.alloc(source.length);
  const times = Array.from({ length: 9 }, () => {
    const start = performance.now();
    source.copy(target);
    return performance.now() - start;
  });
  return median(times);
}
