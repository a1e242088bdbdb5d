import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { installed, npm, root } from '../third-party/packages';

const inputs = [
  '.npmrc',
  'package.json',
  'package-lock.json',
  'koa-2/package.json',
  'nest-10/package.json',
  'nest-11/package.json',
  'nest-12/package.json',
];

/** The directory with apps/ and all frameworks. This clone is linked into it. */
export function installation(): string {
  return installed({
    name: 'frameworks',
    source: __dirname,
    inputs,
    places: ['.'],
    install(fresh) {
      for (const input of inputs) cpSync(join(__dirname, input), join(fresh, input));
      npm(fresh, 'ci', '--ignore-scripts');
      symlinkSync(root, join(fresh, 'node_modules', 'prom-client-mmap'));
    },
  });
}
