import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Of the header, as docs/format.md has it. */
const headerSize = 4096;
const recordsEnd = 256;
const extentCount = 264;
const extents = { offset: 512, size: 32, length: 8, type: 16 };
const ofCells = 2;

/** Bytes of a segment: those of the file, those of its records, and what is mapped for cells. */
export function segmentSize(path) {
  const file = openSync(path);
  try {
    const header = Buffer.alloc(headerSize);
    readSync(file, header, 0, headerSize, 0);
    let mapped = 0;
    for (let index = 0; index < header.readUInt32LE(extentCount); index++) {
      const extent = extents.offset + index * extents.size;
      if (header.readUInt32LE(extent + extents.type) !== ofCells) continue;
      mapped += Number(header.readBigUInt64LE(extent + extents.length));
    }
    return { file: fstatSync(file).size, records: Number(header.readBigUInt64LE(recordsEnd)), mapped };
  } finally {
    closeSync(file);
  }
}
