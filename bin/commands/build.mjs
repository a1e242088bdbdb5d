import { ADDON, compileAddon, leaveFailure, placeOf, removeFailure } from '../../scripts/addon.mjs';

export const summary = 'compile the native addon for this machine (needs a C++20 compiler; --quiet)';

export const options = { quiet: { type: 'boolean', default: false } };

export async function run({ quiet }) {
  const say = quiet ? () => undefined : (line) => console.log(line);
  say(`Compiling ${placeOf(ADDON)} for ${process.platform}-${process.arch}. This takes up to a minute.`);
  const start = performance.now();
  try {
    await compileAddon({ onFile: (done, all, file) => say(`[${done}/${all}] ${file}`) });
  } catch (error) {
    leaveFailure(error);
    console.error([`prom-client-mmap build: ${error.message}`, error.cause].filter(Boolean).join('\n'));
    return 1;
  }
  removeFailure();
  say(`Done in ${((performance.now() - start) / 1000).toFixed(1)} s.`);
  return 0;
}
