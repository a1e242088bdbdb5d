import { spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { mutated } from './bytes.mjs';

const namesOnce = ['archive', 'archive.bad', 'lock', 'session', 'leader'];
const mostFiles = 24;
const mostBytes = 2 ** 20;
const lines = ['collect\n', 'removal\n', 'collect', '\0\xff\n', '{}\n', '\n', `${'x'.repeat(5000)}\n`];
const requests = [
  '{"scope":"","family":"no_such_total","labels":{"q":"a"}}',
  '{"scope":"7"}',
  '{"scope":"","family":7,"labels":[]}',
  'null',
];

/** Changes of everything in the directory of a group, but for the segments of its sound owners. */
export class Directory {
  /** What was done, the newest last. */
  journal = [];
  #path;
  #random;
  #templates;
  #pids;

  /** `templates` are files of other groups; `pids` returns those of the sound owners. */
  constructor(path, random, { templates, pids }) {
    this.#path = path;
    this.#random = random;
    this.#templates = templates;
    this.#pids = pids;
  }

  /** One change. It may find that another process was faster. */
  change() {
    const crowd = this.#names().length - mostFiles;
    const change = crowd > 0 ? this.#remove : this.#random.of(this.#changes);
    try {
      this.#note(change.call(this));
    } catch (error) {
      // An owner has removed or made the file, or another kind of file is there.
      if (!/^(ENOENT|EEXIST|ENXIO|EISDIR|ENOTDIR|ENOTEMPTY|EAGAIN|ELOOP)$/.test(error.code)) throw error;
      this.#note(`${error.syscall} ${error.path}: ${error.code}`);
    }
  }

  /** Removes all but the segments of sound owners. */
  clear() {
    for (const name of this.#names()) rmSync(join(this.#path, name), { recursive: true, force: true });
    this.#note('removed everything');
  }

  get #changes() {
    return [
      this.#plant,
      this.#plant,
      this.#mutate,
      this.#mutate,
      this.#mutate,
      this.#replaceOnce,
      this.#replaceOnce,
      this.#putOther,
      this.#copySound,
      this.#writeLine,
      this.#putRequest,
      this.#rename,
      this.#swap,
      this.#remove,
    ];
  }

  #plant() {
    return `planted ${this.#write(this.#newName(), this.#content())}`;
  }

  #mutate() {
    const name = this.#random.of(this.#files());
    if (name === undefined) return this.#plant();
    return `mutated ${this.#write(name, mutated(this.#random, readFileSync(join(this.#path, name))))}`;
  }

  #replaceOnce() {
    return `replaced ${this.#write(this.#random.of(namesOnce), this.#content())}`;
  }

  /** Not a plain file. */
  #putOther() {
    const name = this.#random.once(2)
      ? this.#newName()
      : this.#random.of([...namesOnce, ...this.#wakeups(), '.t.0123456789abcdef']);
    const path = join(this.#path, name);
    rmSync(path, { recursive: true, force: true });
    const kinds = {
      directory: () => mkdirSync(path),
      fifo: () => spawnSync('mkfifo', [path]), // fails where an owner has made the file meanwhile
      'link to itself': () => symlinkSync(name, path),
      'link to a segment': () => symlinkSync(this.#random.of(this.#sound()) ?? 'none', path),
      'link to a device': () => symlinkSync('/dev/zero', path),
      'second name': () => linkSync(join(this.#path, this.#random.of(this.#files()) ?? 'none'), path),
      nothing: () => undefined,
    };
    const kind = this.#random.of(Object.keys(kinds));
    kinds[kind]();
    return `put at ${name}: ${kind}`;
  }

  /** As a backup tool does, or a person. */
  #copySound() {
    const name = this.#random.of(this.#sound());
    const copy = readFileSync(join(this.#path, name));
    const content = this.#random.once(2) ? copy : mutated(this.#random, copy);
    return `copied ${name}: ${this.#write(this.#newName(), content)}`;
  }

  #writeLine() {
    const name = this.#random.of(this.#wakeups());
    if (name === undefined) return 'found no FIFO';
    const file = openSync(
      join(this.#path, name),
      constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW,
    );
    try {
      writeSync(file, this.#random.of(lines));
    } finally {
      closeSync(file);
    }
    return `wrote to ${name}`;
  }

  #putRequest() {
    const owner = this.#random.of(this.#sound()) ?? 's.1.1.0123456789abcdef';
    const text = Buffer.from(this.#random.of(requests));
    if (this.#random.once(2)) text[this.#random.below(text.length)] ^= 1 << this.#random.below(8);
    return `requested ${this.#write(`r${owner.slice(1)}.${this.#random.below(1e6)}.x`, text)}`;
  }

  #rename() {
    const name = this.#random.of(this.#files());
    if (name === undefined) return this.#plant();
    const to = this.#random.once(2) ? this.#newName() : this.#random.of(namesOnce);
    renameSync(join(this.#path, name), join(this.#path, to));
    return `renamed ${name} to ${to}`;
  }

  #swap() {
    const [a, b] = [this.#random.of(this.#files()), this.#random.of(this.#files())];
    if (a === undefined) return this.#plant();
    const [first, second] = [a, b].map((name) => readFileSync(join(this.#path, name)));
    return `swapped ${this.#write(a, second)} and ${this.#write(b, first)}`;
  }

  #remove() {
    const name = this.#random.of(this.#names());
    if (name === undefined) return this.#plant();
    rmSync(join(this.#path, name), { recursive: true, force: true });
    return `removed ${name}`;
  }

  /** In place or by rename; returns which. */
  #write(name, bytes) {
    const content = bytes.subarray(0, mostBytes);
    const path = join(this.#path, name);
    const isInPlace = this.#random.once(2) && (!existsSync(path) || lstatSync(path).isFile());
    if (isInPlace) {
      const file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
      writeSync(file, content, 0, content.length, 0);
      ftruncateSync(file, content.length);
      closeSync(file);
    } else {
      const temporary = join(this.#path, `.t.${this.#random.below(1e9)}`);
      writeFileSync(temporary, content);
      renameSync(temporary, path);
    }
    return `${name} ${isInPlace ? 'in place' : 'by rename'}, ${content.length} bytes`;
  }

  #content() {
    if (this.#random.once(12)) return this.#random.bytes(this.#random.below(6000));
    const template = this.#random.of(this.#templates);
    return this.#random.once(6) ? template : mutated(this.#random, template);
  }

  #newName() {
    const number = () => 1 + this.#random.below(90_000);
    const hex = this.#random.bytes(8).toString('hex');
    const prefix = this.#random.once(8) ? this.#random.of(['.t.', 'r.', 'w.', 'x.', 's', 's.s.']) : 's.';
    return `${prefix}${number()}.${number()}.${hex}`;
  }

  #names() {
    const sound = this.#sound();
    return readdirSync(this.#path)
      .filter((name) => !sound.includes(name))
      .sort();
  }

  #files() {
    return this.#names().filter((name) => lstatSync(join(this.#path, name)).isFile());
  }

  #wakeups() {
    return this.#sound().map((name) => `w${name.slice(1)}`);
  }

  #sound() {
    const prefixes = this.#pids().map((pid) => `s.${pid}.`);
    return readdirSync(this.#path).filter((name) => prefixes.some((prefix) => name.startsWith(prefix)));
  }

  #note(what) {
    this.journal.push(what);
  }
}
