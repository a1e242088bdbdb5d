/**
 * Hashes of label values. JavaScript shows no string's own hash, and to look at every character of every label at each
 * increment would take longer than all the rest. The values of one label are alike, though: `/api/v1/items-17/:id`,
 * `/api/v1/items-18/:id`. So a few characters are looked at, those by which the values of this label differ; who finds a
 * series by them compares the whole texts.
 */

/** Places in a text: 0 is the first character, -1 the last. A text that is too short has a 0 there. */
export type Places = readonly number[] | typeof everyPlace;

/** For texts that a few places do not tell from each other. */
export const everyPlace = 'every place';

/** What is looked at before anything is known of the values. */
export const firstPlaces: Places = [-1, -2];

const fewPlaces = 4;
const manyPlaces = 8;
/** From either end. */
const reach = 12;
const candidates: readonly number[] = Array.from({ length: reach }, (_, i) => [-1 - i, i]).flat();
/** More than there are ASCII characters, so that two places that differ make different sums. */
const multiplier = 129;

/** 2^32 divided by the golden ratio: its multiples spread whatever follows a pattern. */
export const golden = 0x9e3779b1;

/** How many of the lowest bits of a hash say nothing. */
export const spareBits = 11;

/** Nobody outside knows which texts have the same hash. */
const seed: number = Math.floor(Math.random() * 2 ** 32) | 0;

/** A number for a text, from its length and the characters at `places`; `source()` has the same as source text. */
export function sample(text: string, places: Places): number {
  if (places === everyPlace) return sampleAll(text);
  let sum = text.length;
  for (let i = 0; i < places.length; i++) {
    const place = places[i] as number;
    const at = place < 0 ? text.length + place : place;
    const character = at >= 0 && at < text.length ? text.charCodeAt(at) : 0;
    // By the multiplier, but without a call, which costs more than all the rest as long as V8 has not compiled this.
    sum = ((sum << 7) + sum + character) | 0;
  }
  return sum;
}

/** The expression of `sample(text, places)`; `text` is the name of a variable. */
export function source(text: string, places: Places): string {
  if (places === everyPlace) return `sampleAll(${text})`;
  return places.reduce<string>((sum, place) => {
    const at = place < 0 ? `${text}.length - ${-place}` : `${place}`;
    const most = place < 0 ? -place : place + 1;
    return `(Math.imul(${sum}, ${multiplier}) + (${text}.length < ${most} ? 0 : ${text}.charCodeAt(${at})) | 0)`;
  }, `${text}.length`);
}

export function sampleAll(text: string): number {
  let sum = seed;
  for (let i = 0; i < text.length; i++) {
    sum = Math.imul(sum ^ text.charCodeAt(i), 0x5bd1e995);
    sum ^= sum >>> 15;
  }
  return sum;
}

/**
 * What the samples of the labels are multiplied by in the sum that is their hash: odd numbers that differ with `attempt`. They
 * have so few bits that the product is exact, which spares a call of `Math.imul`; hence the spare bits of the hash.
 */
export function factorsOf(count: number, attempt: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => {
    const multiple = Math.imul(attempt * count + i + 1, golden);
    return (Math.imul(multiple ^ (multiple >>> 15), golden) >>> spareBits) | 1;
  });
}

/** How hard it is tried to tell texts apart: by a few places, by many, by every. */
export type Effort = 0 | 1 | 2;

/**
 * The places that tell `texts`, some values of a label, from each other. With little effort there are as few of them as
 * will do for these texts.
 */
export function placesFor(texts: readonly string[], effort: Effort): Places {
  if (effort === 2) return everyPlace;
  const most = effort === 0 ? fewPlaces : manyPlaces;
  const places: number[] = [];
  let sums = texts.map((text) => text.length);
  let told = new Set(sums).size;
  let left = candidates.map((place) => charactersAt(texts, place)).filter(({ varies }) => varies > 1);
  while (left.length > 0 && places.length < most && (told < texts.length || effort > 0)) {
    const tried = left.map(({ place, characters, varies }) => {
      const next = sums.map((sum, i) => (Math.imul(sum, multiplier) + (characters[i] as number)) | 0);
      return { place, next, told: new Set(next).size, varies };
    });
    const best = tried.reduce((a, b) => ((b.told - a.told || b.varies - a.varies) > 0 ? b : a));
    places.push(best.place);
    sums = best.next;
    told = best.told;
    left = left.filter(({ place }) => place !== best.place);
  }
  return places;
}

/** What some texts have at one place. */
interface Column {
  readonly place: number;
  readonly characters: readonly number[];
  /** How many different ones there are. */
  readonly varies: number;
}

function charactersAt(texts: readonly string[], place: number): Column {
  const characters = texts.map((text) => {
    const at = place < 0 ? text.length + place : place;
    return at >= 0 && at < text.length ? text.charCodeAt(at) : 0;
  });
  return { place, characters, varies: new Set(characters).size };
}
