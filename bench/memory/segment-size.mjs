import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Offset of `records_end`: docs/format.md, "Header". */
const recordsEnd = 256;

/** Bytes of a segment: those of the file, and those of its records. */
export function segmentSize(path) {
  const file = openSync(path);
  try {
    const records = Buffer.alloc(8);
    readSync(file, records, 0, 8, recordsEnd);
    return { file: fstatSync(file).size, records: Number(records.readBigUInt64LE()) };
  } finally {
    closeSync(file);
  }
}
