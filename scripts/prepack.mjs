// Before a tarball is made: it must have the binaries, of these sources.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { problems } from './prebuilds.mjs';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));

const found = process.env.PACK_WITHOUT_PREBUILDS === '1' ? [] : problems();
if (found.length > 0) {
  console.error(
    `ERR_PREBUILDS: expected binaries of these sources in prebuilds/ for the tarball, made by \`npm run prebuild\`, but ${found.join(', ')}. ` +
      'Run `npm run prebuild`; or set PACK_WITHOUT_PREBUILDS=1 for a tarball that is not published, and takes what there is.',
  );
  process.exitCode = 1;
}
