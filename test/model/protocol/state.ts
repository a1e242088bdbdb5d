// The directory of a group and the processes that work in it, as one row of small numbers, which a search stores, hashes and
// compares. The fields are windows into that row.
//
// Files are inodes. An owner makes at most `rewrites` + 1 of them; the n-th of the owner o is number o * filesEach + n. A name
// belongs to an owner and means one of its files, or nothing. The descriptors and the memory of a dead process are zeroed,
// and so is a file that no process can reach any more: states that differ only in such values are one state.

export interface Setting {
  readonly owners: number;
  readonly increments: number; // of each owner
  readonly rewrites: number; // of each owner
  readonly compactors: number; // at once; one that has ended or died is followed by another, without end
  readonly reader: boolean; // reads again and again
  readonly locksExclude: boolean; // false: a mount on which every process gets every flock
  readonly evidence: 'exact' | 'guessed'; // guessed: a living owner may count as gone, as after a minute without heartbeats
  readonly listings: 'stable' | 'miss rewritten names'; // stable: a name that exists all the time is listed, renamed over or not
}

export const free = 0;
export const ownerHolds = 1;
export const compactorHolds = 2; // the first compactor; the second has the next number

export class State {
  readonly row: Uint8Array<ArrayBuffer>;
  violation: string | undefined; // of the last step
  readonly filesEach: number;
  readonly visitors: number; // the compactors and, last, the reader

  // Of each owner: its next step, its current file (0 is its first), how many of its increments have returned, and the
  // meaning of its name: nothing (0) or 1 + one of its files.
  readonly ownerStep: Uint8Array;
  readonly file: Uint8Array;
  readonly counted: Uint8Array;
  readonly name: Uint8Array;

  // Of each file: the sum of its cells, its owner's closed mark, the holder of its lock.
  readonly cells: Uint8Array;
  readonly closed: Uint8Array;
  readonly lock: Uint8Array;

  readonly groupLock: Uint8Array; // a single number

  // Of each archive: 0 is the file `archive`, 1 + v is the copy of the visitor v. `ids` is the
  // list of compacted segments. `absorbed` has every segment that was ever added: it is in no file, only the proof needs it.
  // Sums are kept by owner, so that the loss of one never hides behind the surplus of another.
  readonly generation: Uint8Array;
  readonly ids: Uint8Array;
  readonly absorbed: Uint8Array;
  readonly sums: Uint8Array;

  // Of each visitor: its next step, the owner whose name it has reached, the file that it has open (1 + its number), the names
  // that it must list because they existed when it began, and those that it has listed. Of a compactor: the segments that it
  // adds, the leftovers of earlier compactions, and the names that it will unlink. Of the reader: the increments that had
  // returned when it began.
  readonly visitorStep: Uint8Array;
  readonly at: Uint8Array;
  readonly open: Uint8Array;
  readonly present: Uint8Array;
  readonly listed: Uint8Array;
  readonly taken: Uint8Array;
  readonly leftovers: Uint8Array;
  readonly doomed: Uint8Array;
  readonly countedBefore: Uint8Array;

  constructor({ owners, rewrites, compactors, reader }: Setting) {
    this.filesEach = rewrites + 1;
    this.visitors = compactors + (reader ? 1 : 0);
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
