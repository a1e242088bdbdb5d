// The frameworks, and the packages that count their requests: those that the tests of frameworks have installed.
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../build/frameworks/', import.meta.url));

/** Requires a package; undefined where the tests of frameworks have not been run. */
export const requirePackage = (() => {
  const name = existsSync(folder) && readdirSync(folder).find((entry) => isInstalled(join(folder, entry)));
  return name ? createRequire(join(folder, name, 'package.json')) : undefined;
})();

function isInstalled(directory) {
  return existsSync(join(directory, 'node_modules', 'express-prom-bundle'));
}
