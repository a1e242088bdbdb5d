import { lengthOfRecord, parts, recordsOf, repair } from './segment-file.mjs';

const wholeNumbers = [
  0n,
  1n,
  2n,
  3n,
  7n,
  8n,
  15n,
  16n,
  0xffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
];
const longNumbers = [1n << 32n, (1n << 53n) + 1n, 1n << 62n, 1n << 63n, (1n << 64n) - 8n, (1n << 64n) - 1n];
const doubles = [
  0,
  -0,
  0.5,
  -1,
  5e-324,
  1e308,
  -1e308,
  2 ** 53,
  1.7e12,
  Number.NaN,
  Number.POSITIVE_INFINITY,
];
const recordTypes = 10;
const recordStates = 4;

/** A copy of a segment or archive, or of anything else, that is nearly what it was. */
export function mutated(random, file) {
  let copy = Buffer.from(file);
  for (let n = 1 + random.below(4); n > 0; n--) copy = random.of(mutations)(random, copy);
  if (!random.once(8)) repair(copy);
  return copy;
}

const mutations = [
  biteOf('identity'),
  biteOf('ownerState'),
  biteOf('extents'),
  biteOf('contents'),
  bitesRecord,
  bitesRecord,
  bitesRecord,
  changesRecord,
  copiesRecord,
  putsDouble,
  changesLength,
];

/** Changes some bytes of a part of the file. */
function biteOf(part) {
  return (random, file) => {
    const [begin, end] = parts[part];
    return bite(random, file, begin, Math.min(end, file.length));
  };
}

function bite(random, file, begin, end) {
  if (begin >= end) return file;
  const place = begin + random.below(end - begin);
  const aligned = place - (place % 8);
  if (random.once(3)) file[place] ^= 1 << random.below(8);
  else if (random.once(2) && aligned >= begin && aligned + 8 <= end) putNumber(random, file, aligned);
  else for (let i = place; i < Math.min(end, place + 1 + random.below(8)); i++) file[i] = random.below(256);
  return file;
}

function putNumber(random, file, place) {
  if (random.once(2)) file.writeUInt32LE(Number(random.of(wholeNumbers)), place + 4 * random.below(2));
  else file.writeBigUInt64LE(random.of([...wholeNumbers, ...longNumbers]), place);
}

function bitesRecord(random, file) {
  const record = random.of(recordsOf(file));
  if (record === undefined) return file;
  return bite(random, file, record + (random.once(4) ? 0 : 16), record + lengthOfRecord(file, record));
}

/** Another type, state, or flags. */
function changesRecord(random, file) {
  const record = random.of(recordsOf(file));
  if (record === undefined) return file;
  if (random.once(3)) file.writeUInt16LE(random.below(recordTypes), record + 4);
  else if (random.once(2)) file.writeUInt32LE(random.below(recordStates), record + 12);
  else file.writeUInt16LE(1 << random.below(16), record + 6);
  return file;
}

/** One record over another of the same length, or a shorter one. */
function copiesRecord(random, file) {
  const records = recordsOf(file);
  const [from, to] = [random.of(records), random.of(records)];
  if (from === undefined || lengthOfRecord(file, from) > lengthOfRecord(file, to)) return file;
  file.copyWithin(to + 4, from + 4, from + lengthOfRecord(file, from));
  return file;
}

function putsDouble(random, file) {
  const [begin] = parts.contents;
  if (file.length < begin + 8) return file;
  file.writeDoubleLE(random.of(doubles), begin + 8 * random.below(Math.floor((file.length - begin) / 8)));
  return file;
}

function changesLength(random, file) {
  if (!random.once(4)) return file;
  if (random.once(2)) return file.subarray(0, random.below(file.length));
  return Buffer.concat([file, random.bytes(1 + random.below(10_000))]);
}
