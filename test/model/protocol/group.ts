// A model of the protocol by which owners, compactors and readers share a group's directory. A search tries every order of
// their steps, and every death between two of them. A stopped process is one whose next step comes late.
//
// After every step it must hold that
// - every increment that has returned counts exactly once: in the archive, or in a file whose id the archive does not list;
// - no segment is added to an archive twice, and no compactor unlinks the segment of a living owner;
// - a read gives, for each owner, no less than had returned when it began and no more than when it ended. Hence no read
//   gives less than a read that ended before it began.
//
// Owners count and rewrite their segments a few times. Compactors and reads follow each other without end, and a read begins
// again as often as it must. Left out are the content of a segment (here it is one sum), the sweep of temporary files, a damaged
// archive, and an owner whose file was removed.
import { Compactors } from './compactors';
import { idOf, type Protocol, protocol } from './order';
import { Owners } from './owners';
import { Reader } from './reader';
import type { Model, Reached } from './search';
import { free, type Setting, State } from './state';

export class Group implements Model {
  readonly row: Uint8Array<ArrayBuffer>;
  private readonly state: State;
  private readonly setting: Setting;
  private readonly protocol: Protocol;
  private readonly owners: Owners;
  private readonly compactors: Compactors;
  private readonly reader: Reader;
  private readonly ownerNames: readonly string[];
  private readonly compactorNames: readonly string[];

  constructor(setting: Setting, order: Protocol = protocol) {
    this.state = new State(setting);
    this.row = this.state.row;
    this.setting = setting;
    this.protocol = order;
    this.owners = new Owners(this.state, setting, order);
    this.compactors = new Compactors(this.state, setting, order, this.owners);
    this.reader = new Reader(this.state, setting, order);
    this.ownerNames = Array.from(this.state.ownerStep, (_, owner) => `owner ${owner + 1}`);
    this.compactorNames = Array.from(
      { length: setting.compactors },
      (_, compactor) => `compactor ${compactor + 1}`,
    );
  }

  start(): void {
    this.row.fill(0);
  }

  expand(from: Uint8Array, reached: Reached): void {
    if (this.expandUnseen(from, reached)) return;
    for (let owner = 0; owner < this.setting.owners; owner++) this.expandOwner(owner, from, reached);
    for (let compactor = 0; compactor < this.setting.compactors; compactor++)
      this.expandCompactor(compactor, from, reached);
    if (this.setting.reader) this.expandReader(from, reached);
  }

  // The time of a step that no other process can see does not matter. So it is taken at once and no other order is tried.
  private expandUnseen(from: Uint8Array, reached: Reached): boolean {
    const { owners, compactors } = this;
    this.row.set(from);
    for (let owner = 0; owner < this.setting.owners; owner++) {
      const at = this.state.ownerStep[owner] as number;
      if (!owners.isUnseen(owner, at)) continue;
      const who = this.ownerNames[owner] as string;
      this.attempt(from, reached, who, owners.stepAt(at), () => owners.take(owner, at));
      return true;
    }
    for (let compactor = 0; compactor < this.setting.compactors; compactor++) {
      if (compactors.stepOf(compactor) !== 'writeTemporary') continue;
      const take = () => compactors.take(compactor, 'writeTemporary', false);
      this.attempt(from, reached, this.compactorNames[compactor] as string, 'writeTemporary', take);
      return true;
    }
    return false;
  }

  private expandOwner(owner: number, from: Uint8Array, reached: Reached): void {
    const { owners } = this;
    const who = this.ownerNames[owner] as string;
    this.row.set(from);
    const at = this.state.ownerStep[owner] as number;
    if (at >= owners.gone) return;
    const begin = (next: number) =>
      this.attempt(from, reached, who, owners.stepAt(next), () => owners.take(owner, next));
    if (at === owners.counting) {
      this.attempt(from, reached, who, 'increment', () => owners.increment(owner));
      begin(owners.rewriting);
      begin(owners.closing);
    } else {
      begin(at);
    }
    this.attempt(from, reached, who, 'dies', () => owners.die(owner));
  }

  private expandCompactor(compactor: number, from: Uint8Array, reached: Reached): void {
    const { compactors } = this;
    const who = this.compactorNames[compactor] as string;
    this.row.set(from);
    const begun = this.state.visitorStep[compactor] !== 0;
    const step = compactors.stepOf(compactor);
    this.attempt(from, reached, who, step, () => compactors.take(compactor, step, false));
    if (step === 'list' || step === 'checkEvidence') {
      const name = step === 'list' ? 'list, missing a name' : 'checkEvidence, mistaken';
      this.attempt(from, reached, who, name, () => compactors.take(compactor, step, true));
    }
    if (begun) this.attempt(from, reached, who, 'dies', () => compactors.end(compactor));
  }

  private expandReader(from: Uint8Array, reached: Reached): void {
    const { reader } = this;
    this.row.set(from);
    const step = reader.step();
    const ways = reader.waysOf(step);
    for (let way = 0; way < ways.length; way++) {
      this.attempt(from, reached, 'reader', ways[way] as string, () => reader.take(step, way));
    }
  }

  private attempt(from: Uint8Array, reached: Reached, who: string, step: string, take: () => boolean): void {
    const { state } = this;
    this.row.set(from);
    state.violation = undefined;
    if (!take()) return;
    this.forgetUnreachable();
    reached(who, step, state.violation ?? this.miscount());
  }

  // A file that has no name and is not open is gone.
  private forgetUnreachable(): void {
    const { state, owners } = this;
    for (let file = 0; file < state.cells.length; file++) {
      if (state.cells[file] === 0 && state.closed[file] === 0 && state.lock[file] === free) continue;
      const owner = state.ownerOf(file);
      if (state.named(owner) === file || owners.hasOpen(owner, file) || state.open.includes(file + 1))
        continue;
      state.cells[file] = 0;
      state.closed[file] = 0;
      state.lock[file] = free;
    }
  }

  private miscount(): string | undefined {
    const { state } = this;
    for (let owner = 0; owner < this.setting.owners; owner++) {
      const file = state.named(owner);
      const isRead =
        file !== -1 && ((state.ids[0] as number) & idOf(file, state.filesEach, this.protocol)) === 0;
      const sum = (state.sums[owner] as number) + (isRead ? (state.cells[file] as number) : 0);
      if (sum < (state.counted[owner] as number)) return 'an increment is lost';
      if (sum > (state.counted[owner] as number)) return 'an increment counts twice';
    }
    return undefined;
  }
}
