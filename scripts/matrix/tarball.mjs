// How large the tarball is, and which binaries it has.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { triples } from '../prebuilds.mjs';

export function* size(tarball) {
  const { stdout } = spawnSync('tar', ['-tvzf', tarball], { encoding: 'utf8' });
  const files = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(/\s+/));
  const binaries = files.filter(([, , , , , path]) => path.endsWith('.node'));
  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
  const sum = (entries) => entries.reduce((bytes, [, , size]) => bytes + Number(size), 0);
  const names = binaries.map(([, , , , , path]) => path.replace(/^.*\/|\.node$/g, ''));
  const missing = Object.keys(triples).filter((name) => !names.includes(name));
  yield {
    what: `the tarball, with binaries for ${names.join(', ')}`,
    result: missing.length === 0 ? 'ok' : 'skipped',
    detail:
      missing.length === 0
        ? `${megabytes(statSync(tarball).size)}; unpacked ${megabytes(sum(files))}, of which the binaries have ${megabytes(sum(binaries))}`
        : `${missing.join(', ')} missing: npm run prebuild`,
  };
}
