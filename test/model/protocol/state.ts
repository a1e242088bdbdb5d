// A group's directory and everybody who works in it, as one row of small numbers: what a search stores, hashes and
// compares. The fields are windows into that row.
//
// Files are inodes. An owner makes at most `moves` + 1 of them; the n-th of the owner o is number o * filesEach + n. A name
// belongs to an owner and means one of its files, or nothing. What a death takes with it (descriptors, memory) is zeroed,
// and so is a file that nobody can reach any more: states that differ only in what is gone are one state.

export interface Setting {
  readonly owners: number;
  readonly increments: number; // of each owner
  readonly moves: number; // of each owner
  readonly folders: number; // at once; one that has ended or died is followed by another, for ever
  readonly reader: boolean; // reads again and again
  readonly locksExclude: boolean; // false: a mount on which everybody gets every flock
  readonly evidence: 'exact' | 'guessed'; // guessed: may say of a living owner that it is gone, as silence for a minute may
  readonly listings: 'stable' | 'miss the moved'; // stable: a name that is there all the time is listed, renamed over or not
}

export const free = 0;
export const ownerHolds = 1;
export const folderHolds = 2; // the first folder; the second has the next number

export class State {
  readonly row: Uint8Array<ArrayBuffer>;
  violation: string | undefined; // what the last step did that nobody may do
  readonly filesEach: number;
  readonly visitors: number; // the folders and, last, the reader

  // Of each owner: what it is about to do, its current file (0 is its first), how many of its increments have returned,
  // and what its name means: nothing (0) or 1 + one of its files.
  readonly ownerStep: Uint8Array;
  readonly file: Uint8Array;
  readonly counted: Uint8Array;
  readonly name: Uint8Array;

  // Of each file: the sum of its cells, its owner's closed mark, who holds its lock.
  readonly cells: Uint8Array;
  readonly closed: Uint8Array;
  readonly lock: Uint8Array;

  readonly groupLock: Uint8Array; // a single number

  // Of each archive: 0 is the file `archive`, 1 + v is what the visitor v has read of it and goes on with. `ids` is the
  // list of folded segments. `absorbed` is every segment that was ever added: it is in no file, the proof needs it.
  // Sums are kept by owner, so that the loss of one never hides behind the surplus of another.
  readonly generation: Uint8Array;
  readonly ids: Uint8Array;
  readonly absorbed: Uint8Array;
  readonly sums: Uint8Array;

  // Of each visitor: what it is about to do, the owner at whose name it is, the file that it has open (1 + its number),
  // the names that it must list, as they have been there since it began, and those that it has listed. Of a folder: the
  // segments that it adds, those that an earlier fold has left, and the names that it is to unlink. Of the reader: what
  // had returned when it began.
  readonly visitorStep: Uint8Array;
  readonly at: Uint8Array;
  readonly open: Uint8Array;
  readonly present: Uint8Array;
  readonly listed: Uint8Array;
  readonly taken: Uint8Array;
  readonly leftovers: Uint8Array;
  readonly doomed: Uint8Array;
  readonly countedBefore: Uint8Array;

  constructor({ owners, moves, folders, reader }: Setting) {
    this.filesEach = moves + 1;
    this.visitors = folders + (reader ? 1 : 0);
    const files = owners * this.filesEach;
    if (files > 8) throw new Error(`a set of files is a byte, so there are at most 8 of them, not ${files}`);

    const room = new Uint8Array(256);
    let end = 0;
    const take = (size: number) => {
      end += size;
      return room.subarray(end - size, end);
    };
    this.ownerStep = take(owners);
    this.file = take(owners);
    this.counted = take(owners);
    this.name = take(owners);
    this.cells = take(files);
    this.closed = take(files);
    this.lock = take(files);
    this.groupLock = take(1);
    this.generation = take(1 + this.visitors);
    this.ids = take(1 + this.visitors);
    this.absorbed = take(1 + this.visitors);
    this.sums = take((1 + this.visitors) * owners);
    this.visitorStep = take(this.visitors);
    this.at = take(this.visitors);
    this.open = take(this.visitors);
    this.present = take(this.visitors);
    this.listed = take(this.visitors);
    this.taken = take(this.visitors);
    this.leftovers = take(this.visitors);
    this.doomed = take(this.visitors);
    this.countedBefore = take(1);
    this.row = room.subarray(0, Math.ceil(end / 4) * 4);
  }

  // The file that the owner's name means, -1 for none.
  named(owner: number): number {
    const name = this.name[owner] as number;
    return name === 0 ? -1 : owner * this.filesEach + name - 1;
  }

  ownerOf(file: number): number {
    return Math.floor(file / this.filesEach);
  }

  existingNames(): number {
    let names = 0;
    for (let owner = 0; owner < this.name.length; owner++) if (this.name[owner] !== 0) names |= 1 << owner;
    return names;
  }

  copyArchive(from: number, to: number): void {
    const owners = this.name.length;
    this.generation[to] = this.generation[from] as number;
    this.ids[to] = this.ids[from] as number;
    this.absorbed[to] = this.absorbed[from] as number;
    this.sums.copyWithin(to * owners, from * owners, (from + 1) * owners);
  }

  forgetVisitor(visitor: number): void {
    const owners = this.name.length;
    for (const field of [this.visitorStep, this.at, this.open, this.present, this.listed]) field[visitor] = 0;
    for (const field of [this.taken, this.leftovers, this.doomed]) field[visitor] = 0;
    for (const field of [this.generation, this.ids, this.absorbed]) field[visitor + 1] = 0;
    this.sums.fill(0, (visitor + 1) * owners, (visitor + 2) * owners);
  }
}
