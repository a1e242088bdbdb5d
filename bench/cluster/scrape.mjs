import { createHash } from 'node:crypto';

/** The scrapes that this process makes. */
export class Scrape {
  #text = '';

  /** Milliseconds from the call to the text; from several calls at once to the last of their texts. */
  async run(metrics, atOnce = 1) {
    const start = performance.now();
    [this.#text] = await Promise.all(Array.from({ length: atOnce }, metrics));
    return performance.now() - start;
  }

  /** Facts about the last text. The digest does not depend on the order of lines and labels. */
  facts() {
    const lines = this.#text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const sorted = lines.map((line) => line.split(/[{},]/).sort().join()).sort();
    return {
      samples: lines.length,
      bytes: Buffer.byteLength(this.#text),
      digest: createHash('sha256').update(sorted.join('\n')).digest('hex'),
    };
  }
}
