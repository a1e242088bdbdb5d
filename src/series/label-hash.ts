/*
 * The hash of label texts. JavaScript does not expose the hash of a string, and to hash every character takes longer than the
 * rest of a labelled increment. But the values of one label are alike: `/api/v1/items-17/:id`, `/api/v1/items-18/:id`. So the
 * hash samples the characters in which the values differ. Where a few characters do not tell the values apart, it takes whole
 * texts, with a random seed, so that no caller can choose texts that collide. A search compares whole texts in any case.
 */

/** For each label the offsets of the sampled characters: 0 is the first, -1 the last. Undefined: whole texts are hashed. */
export type Sampling = readonly (readonly number[])[] | undefined;

/** More than there are ASCII characters, so that texts of the same length that differ in one sample have different sums. */
const radix = 129;
/** 2^32 divided by the golden ratio: spreads numbers that follow a pattern over the high bits of their products. */
const golden = 0x9e3779b1;
const seed: number = Math.floor(Math.random() * 2 ** 32);

/** The hash of the texts from `texts[first]` on, one for each of `labels`. The high bits are the best. */
export function hashOf(
  texts: readonly (string | undefined | null)[],
  first: number,
  labels: number,
  sampling: Sampling,
): number {
  let hash = 0;
  for (let label = 0; label < labels; label++) {
    hash = Math.imul(hash ^ partOf(texts[first + label], sampling?.[label]), golden);
    hash ^= hash >>> 15;
  }
  return hash;
}

function partOf(text: string | undefined | null, offsets: readonly number[] | undefined): number {
  if (typeof text !== 'string') return -1;
  return offsets === undefined ? hashOfText(text) : sample(text, offsets);
}

/** Statements that leave the value of `hashOf()` in `hash`. `texts` are names of variables, each a string or undefined. */
export function hashSource(texts: readonly string[], sampling: Sampling): string {
  const steps = texts.map((text, label) => {
    const part = sampling === undefined ? `hashOfText(${text})` : sampleSource(text, sampling[label] ?? []);
    return `
      hash = Math.imul(hash ^ (${text} === undefined ? -1 : ${part}), ${golden});
      hash ^= hash >>> 15;`;
  });
  return `let hash = 0;${steps.join('')}`;
}

function sample(text: string, offsets: readonly number[]): number {
  let sum = text.length;
  for (let i = 0; i < offsets.length; i++) sum = nextSum(sum, text, offsets[i] as number);
  return sum;
}

/** Adds the character at `offset`, or 0 if the text is too short. */
function nextSum(sum: number, text: string, offset: number): number {
  const at = offset < 0 ? text.length + offset : offset;
  return (Math.imul(sum, radix) + (at >= 0 && at < text.length ? text.charCodeAt(at) : 0)) | 0;
}

function sampleSource(text: string, offsets: readonly number[]): string {
  return offsets.reduce<string>((sum, offset) => {
    const at = offset < 0 ? `${text}.length - ${-offset}` : `${offset}`;
    const least = offset < 0 ? -offset : offset + 1;
    return `(Math.imul(${sum}, ${radix}) + (${text}.length < ${least} ? 0 : ${text}.charCodeAt(${at})) | 0)`;
  }, `${text}.length`);
}

export function hashOfText(text: string): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), golden);
    hash ^= hash >>> 15;
  }
  return hash;
}

const mostOffsets = 6;
/** Offsets are chosen up to this far from either end of a text. */
const reach = 64;
const allOffsets: readonly number[] = Array.from({ length: reach }, (_, i) => [-1 - i, i]).flat();
/** To choose one of so many candidates takes half a millisecond. */
const mostCandidates = 24;

/**
 * As few offsets as tell `texts`, different values of one label, from each other; or as many as tell more of them. Yields before and
 * after each choice, because all of them together take milliseconds.
 */
export function* chooseOffsets(texts: readonly string[]): Generator<void, readonly number[]> {
  const candidates = allOffsets
    .filter((offset) =>
      texts.some((text) => nextSum(0, text, offset) !== nextSum(0, texts[0] as string, offset)),
    )
    .slice(0, mostCandidates);
  yield;
  const chosen: number[] = [];
  let sums = texts.map((text) => text.length);
  let toldApart = new Set(sums).size;
  while (toldApart < texts.length && chosen.length < mostOffsets) {
    const tried = candidates.map((offset) => {
      const next = texts.map((text, i) => nextSum(sums[i] as number, text, offset));
      return { offset, next, toldApart: new Set(next).size };
    });
    const [best] = tried.sort((a, b) => b.toldApart - a.toldApart);
    if (best === undefined || best.toldApart === toldApart) break;
    chosen.push(best.offset);
    sums = best.next;
    toldApart = best.toldApart;
    yield;
  }
  return chosen;
}
