// What the fuzzer knows of the format of segments and archives (docs/format.md): where records are, and the checksums.
const headerSize = 4096;
const recordHeaderSize = 16;
const recordsExtent = 1;
const archiveKind = 2;
const at = {
  kind: 40,
  archiveChecksum: 188,
  checksum: 252,
  ownerState: 256,
  recordsEnd: 256,
  extentCount: 264,
  extents: 512,
};
const extentSize = 32;
const mostExtents = 96;

/** Parts of a file by the meaning of their bytes, as `[begin, end]`. */
export const parts = {
  identity: [0, at.ownerState],
  ownerState: [at.ownerState, 352],
  extents: [at.extents, at.extents + 4 * extentSize],
  contents: [headerSize, Number.POSITIVE_INFINITY],
};

/** The offsets of the records that the header of a file names, and that are in it. */
export function recordsOf(file) {
  const offsets = [];
  if (file.length < headerSize) return offsets;
  const end = Number(file.readBigUInt64LE(at.recordsEnd));
  let stream = 0;
  for (let i = 0; i < Math.min(file.readUInt32LE(at.extentCount), mostExtents); i++) {
    const extent = at.extents + i * extentSize;
    const [offset, length] = [0, 8].map((field) => Number(file.readBigUInt64LE(extent + field)));
    if (file.readUInt32LE(extent + 16) !== recordsExtent) continue;
    for (let done = 0; done + recordHeaderSize <= length && stream + done < end; ) {
      const record = offset + done;
      if (record + recordHeaderSize > file.length) break;
      const size = file.readUInt32LE(record);
      if (size < recordHeaderSize || record + size > file.length) break;
      offsets.push(record);
      done += size;
    }
    stream += length;
  }
  return offsets;
}

export function lengthOfRecord(file, record) {
  return file.readUInt32LE(record);
}

/** Makes all checksums of a file right. */
export function repair(file) {
  if (file.length < headerSize) return;
  for (const record of recordsOf(file)) {
    const head = crc(file.subarray(record, record + 8));
    const body = file.subarray(record + recordHeaderSize, record + lengthOfRecord(file, record));
    file.writeUInt32LE(crc(body, head), record + 8);
  }
  if (file.readUInt32LE(at.kind) === archiveKind) {
    file.writeUInt32LE(crc(file.subarray(at.ownerState)), at.archiveChecksum);
  }
  file.writeUInt32LE(crc(file.subarray(0, at.checksum)), at.checksum);
}

const table = new Uint32Array(256).map((_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0x82f63b78 : 0);
  return value;
});

/** CRC-32C of bytes after others that have the checksum `before`. */
function crc(bytes, before = 0) {
  let value = ~before;
  for (const byte of bytes) value = (value >>> 8) ^ table[(value ^ byte) & 255];
  return ~value >>> 0;
}
