import { createHash } from 'node:crypto';

/** One scrape of a cluster by this process. */
export class Scrape {
  #text = '';

  /** Milliseconds from the call to the text. */
  async run(metrics) {
    const start = performance.now();
    this.#text = await metrics();
    return performance.now() - start;
  }

  /** What the text was. The digest is the same for all that say the same, whatever the order of their lines. */
  facts() {
    const sorted = this.#text.split('\n').sort().join('\n');
    return {
      bytes: Buffer.byteLength(this.#text),
      digest: createHash('sha256').update(sorted).digest('hex'),
    };
  }
}
