// The binaries of prebuilds/, which the tarball has, and the stamps beside them: of which sources each one was made.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The targets of the cross compiler, by the names of their files. The least glibc is that of Node 20. */
export const triples = {
  'linux-x64-glibc': 'x86_64-linux-gnu.2.28',
  'linux-arm64-glibc': 'aarch64-linux-gnu.2.28',
  'linux-x64-musl': 'x86_64-linux-musl',
  'linux-arm64-musl': 'aarch64-linux-musl',
};

/** The tarball may have these, which are made on machines of their own. */
const others = ['darwin-x64', 'darwin-arm64'];

export const names = [...Object.keys(triples), ...others];

/** Where the binary of this name belongs. An old one is removed, with its stamp. */
export function placeFor(name) {
  mkdirSync('prebuilds', { recursive: true });
  for (const file of [fileOf(name), stampOf(name)]) rmSync(file, { force: true });
  return fileOf(name);
}

/** A digest of all that goes into a binary. */
export function sources() {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  const native = filesIn('native').filter((file) => !file.startsWith('native/test/'));
  const how = ['scripts/addon.mjs', 'scripts/prebuilds.mjs', 'scripts/toolchain/package-lock.json'];
  return digest(version, [...native, ...filesIn('include'), ...how]);
}

/** Says that the binary was made of the sources with this digest. */
export function stamp(name, digestOfSources) {
  writeFileSync(stampOf(name), textFor(name, digestOfSources));
}

/** What a tarball of these binaries would lack: a text for each that is missing, or that was not made of the sources as they are. */
export function problems() {
  const current = sources();
  return names.flatMap((name) => {
    if (!existsSync(fileOf(name))) return others.includes(name) ? [] : [`${name} is missing`];
    if (!existsSync(stampOf(name))) return [`${name} was not made by it`];
    return readFileSync(stampOf(name), 'utf8') === textFor(name, current)
      ? []
      : [`${name} is of other sources`];
  });
}

function textFor(name, digestOfSources) {
  return `${digestOfSources} ${digest('', [fileOf(name)])}\n`;
}

function fileOf(name) {
  return `prebuilds/${name}.node`;
}

function stampOf(name) {
  return `${fileOf(name)}.stamp`;
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function digest(first, files) {
  const hash = createHash('sha256').update(`${first}\n`);
  for (const file of files) {
    const content = readFileSync(file);
    hash.update(`${file} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}
