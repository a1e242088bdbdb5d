// Breadth first through all states that a model can reach, so that the first violation has the shortest history.
//
// Of a state that was seen only a fingerprint of 64 bits is kept (two states of ten million share one with a probability
// of 3e-6) and the number of the state it was first reached from. A history is the chain of these, walked once more.

export interface Model {
  // The current state: `start` and `expand` leave each state here. Its length is a multiple of 4.
  readonly row: Uint8Array<ArrayBuffer>;
  start(): void;
  // Calls `reached` once for each step that can be taken in the state `from`, with the state after it in `row`.
  expand(from: Uint8Array, reached: Reached): void;
}

export type Reached = (who: string, step: string, violation: string | undefined) => void;

export interface Outcome {
  states: number;
  transitions: number;
  longest: number; // the number of steps to the state that is farthest from the start
  steps: Set<string>; // all that were taken
  violation?: { what: string; history: string[] };
}

export function explore(model: Model, progress?: (outcome: Outcome, waiting: number) => void): Outcome {
  const seen = new SeenStates(model.row);
  const outcome: Outcome = { states: 0, transitions: 0, longest: 0, steps: new Set() };
  const width = model.row.length;
  let level = new Rows(width);
  model.start();
  seen.add(0);
  level.push(model.row);

  let first = 0; // the number of the level's first state
  let parent = 0;
  let broken: { what: string; step: string; parent: number } | undefined;
  while (level.count > 0 && !broken) {
    const next = new Rows(width);
    for (let i = 0; i < level.count && !broken; i++) {
      parent = first + i;
      model.expand(level.at(i), (who, step, violation) => {
        outcome.transitions++;
        outcome.steps.add(step);
        if (violation !== undefined) broken ??= { what: violation, step: `${who}: ${step}`, parent };
        else if (seen.add(parent)) next.push(model.row);
      });
    }
    first += level.count;
    level = next;
    if (level.count > 0) outcome.longest++;
    outcome.states = seen.count;
    progress?.(outcome, level.count);
  }
  if (broken) {
    outcome.violation = {
      what: broken.what,
      history: [...historyOf(model, seen, broken.parent), broken.step],
    };
  }
  return outcome;
}

function historyOf(model: Model, seen: SeenStates, last: number): string[] {
  const chain: number[] = [];
  for (let state = last; state !== 0; state = seen.parentOf(state)) chain.unshift(state);
  model.start();
  let row: Uint8Array = model.row.slice();
  return chain.map((wanted) => {
    let taken: { label: string; row: Uint8Array } | undefined;
    model.expand(row, (who, step) => {
      if (!taken && seen.current() === wanted) taken = { label: `${who}: ${step}`, row: model.row.slice() };
    });
    if (!taken)
      throw new Error(`no step leads to state ${wanted} again: does a step depend on more than its state?`);
    row = taken.row;
    return taken.label;
  });
}

// States one after another in one piece of memory, as there are millions of them.
class Rows {
  count = 0;
  private readonly width: number;
  private bytes: Uint8Array;

  constructor(width: number) {
    this.width = width;
    this.bytes = new Uint8Array(width * 256);
  }

  at(index: number): Uint8Array {
    return this.bytes.subarray(index * this.width, (index + 1) * this.width);
  }

  push(row: Uint8Array): void {
    const begin = this.count * this.width;
    if (begin === this.bytes.length) {
      const larger = new Uint8Array(begin * 2);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    this.bytes.set(row, begin);
    this.count++;
  }
}

// Fingerprints in the order of their arrival, two words each, and a hash table of their numbers.
class SeenStates {
  count = 0;
  private readonly words: Uint32Array;
  private prints: Uint32Array = new Uint32Array(1 << 11);
  private parents: Uint32Array = new Uint32Array(1 << 10);
  private table: Uint32Array = new Uint32Array(1 << 11); // 1 + the number of a state, 0 where there is none
  private low = 0;
  private high = 0;

  constructor(row: Uint8Array<ArrayBuffer>) {
    this.words = new Uint32Array(row.buffer, row.byteOffset, row.length / 4);
  }

  // Adds the state that is in the row now. False if it was there already.
  add(parent: number): boolean {
    const slot = this.find();
    if (this.table[slot] !== 0) return false;
    if (this.count === this.parents.length) {
      this.grow();
      return this.add(parent);
    }
    this.prints[2 * this.count] = this.low;
    this.prints[2 * this.count + 1] = this.high;
    this.parents[this.count] = parent;
    this.table[slot] = ++this.count;
    return true;
  }

  // The number of the state that is in the row now.
  current(): number {
    return (this.table[this.find()] as number) - 1;
  }

  parentOf(state: number): number {
    return this.parents[state] as number;
  }

  // The slot of the table that has the state of the row, or that would get it.
  private find(): number {
    const { words, prints, table } = this;
    let a = 0x811c9dc5;
    let b = 0x9747b28c;
    for (let i = 0; i < words.length; i++) {
      const word = words[i] as number;
      a = Math.imul(a ^ word, 0x9e3779b1);
      a ^= a >>> 15;
      b = Math.imul(b + word, 0x85ebca6b);
      b ^= b >>> 13;
    }
    this.low = mixed(a);
    this.high = mixed(b);
    const mask = table.length - 1;
    let slot = this.low & mask;
    for (let entry = table[slot] as number; entry !== 0; entry = table[slot] as number) {
      if (prints[2 * entry - 2] === this.low && prints[2 * entry - 1] === this.high) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private grow(): void {
    this.prints = grown(this.prints);
    this.parents = grown(this.parents);
    this.table = new Uint32Array(this.table.length * 2);
    const mask = this.table.length - 1;
    for (let state = 0; state < this.count; state++) {
      let slot = (this.prints[2 * state] as number) & mask;
      while (this.table[slot] !== 0) slot = (slot + 1) & mask;
      this.table[slot] = state + 1;
    }
  }
}

function grown(from: Uint32Array): Uint32Array {
  const to = new Uint32Array(from.length * 2);
  to.set(from);
  return to;
}

// Spreads what the last bytes changed over all bits.
function mixed(hash: number): number {
  const h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const g = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (g ^ (g >>> 16)) >>> 0;
}
