import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installedCopy } from '../../multiprocess/support/directories';
import { root } from '../../multiprocess/support/member';

/** Offsets of format.md. */
const [majorAt, minorAt, checksumAt] = [12, 14, 252];

/** The file of a segment or archive as a later version of the format would say it, with the right checksum. */
export function ofVersion(file: Buffer, version: { readonly major: number; readonly minor: number }): Buffer {
  const copy = Buffer.from(file);
  if (copy.readUInt32LE(checksumAt) !== checksum(copy))
    throw new Error('expected a header with its checksum');
  copy.writeUInt16LE(version.major, majorAt);
  copy.writeUInt16LE(version.minor, minorAt);
  copy.writeUInt32LE(checksum(copy), checksumAt);
  return copy;
}

export function versionOf(file: Buffer): { major: number; minor: number } {
  return { major: file.readUInt16LE(majorAt), minor: file.readUInt16LE(minorAt) };
}

/** CRC-32C of what is before it in a header. */
function checksum(file: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of file.subarray(0, checksumAt)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

/** An installed copy whose addon was compiled for the next minor version of the format. Takes a minute of the processor. */
export async function copyOfNextMinor(): Promise<string> {
  const copy = installedCopy({ addon: false });
  for (const part of ['native', 'include', 'bin', 'scripts/addon.mjs']) {
    mkdirSync(join(copy, part, '..'), { recursive: true });
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  const layout = join(copy, 'native', 'format', 'layout.h');
  const text = readFileSync(layout, 'utf8');
  const next = text.replace(/kMinor = (\d+)/, (_, minor) => `kMinor = ${Number(minor) + 1}`);
  if (next === text) throw new Error(`expected ${layout} to name the minor version of the format`);
  writeFileSync(layout, next);
  await promisify(execFile)(process.execPath, [join(copy, 'bin', 'prom-client-mmap.mjs'), 'build'], {
    cwd: copy,
  });
  return copy;
}
