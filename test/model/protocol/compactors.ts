import { type CompactionStep, idOf, type Protocol } from './order';
import type { Owners } from './owners';
import { compactorHolds, free, type Setting, type State } from './state';

// The compactors. One that has ended or died begins again, as another process. Its temporary archive is its copy of the
// archive in the state: no other process reads that file, so it may go when the compactor dies.
export class Compactors {
  private readonly state: State;
  private readonly setting: Setting;
  private readonly protocol: Protocol;
  private readonly owners: Owners;

  constructor(state: State, setting: Setting, protocol: Protocol, owners: Owners) {
    this.state = state;
    this.setting = setting;
    this.protocol = protocol;
    this.owners = owners;
  }

  stepOf(compactor: number): CompactionStep {
    return this.protocol.compaction[this.state.visitorStep[compactor] as number] as CompactionStep;
  }

  // False if the step cannot be taken now. `otherwise` chooses the second of two possible outcomes.
  take(compactor: number, step: CompactionStep, otherwise: boolean): boolean {
    return this[step](compactor, otherwise);
  }

  // End and death are the same: descriptors, locks and memory are gone.
  end(compactor: number): boolean {
    const { state } = this;
    const me = compactorHolds + compactor;
    if (state.groupLock[0] === me) state.groupLock[0] = free;
    for (let file = 0; file < state.lock.length; file++) if (state.lock[file] === me) state.lock[file] = free;
    state.forgetVisitor(compactor);
    return true;
  }

  private advance(compactor: number): boolean {
    const { visitorStep } = this.state;
    (visitorStep[compactor] as number)++;
    if (visitorStep[compactor] === this.protocol.compaction.length) this.end(compactor);
    return true;
  }

  private lockGroup(compactor: number): boolean {
    const { groupLock } = this.state;
    if (groupLock[0] === free) groupLock[0] = compactorHolds + compactor;
    else if (this.setting.locksExclude) return false;
    return this.advance(compactor);
  }

  private readArchive(compactor: number): boolean {
    const { state } = this;
    state.copyArchive(0, compactor + 1);
    state.present[compactor] = state.existingNames();
    return this.advance(compactor);
  }

  // One name at a time. A name that did not exist at the beginning may be missed.
  private list(compactor: number, otherwise: boolean): boolean {
    const { state } = this;
    const bit = 1 << (state.at[compactor] as number);
    const exists = (state.existingNames() & bit) !== 0;
    if (otherwise && (!exists || ((state.present[compactor] as number) & bit) !== 0)) return false;
    if (exists && !otherwise) (state.listed[compactor] as number) |= bit;
    (state.at[compactor] as number)++;
    if (state.at[compactor] === this.setting.owners) {
      state.present[compactor] = 0;
      this.toFirstName(compactor);
    }
    return true;
  }

  private openSegment(compactor: number): boolean {
    const { state } = this;
    const file = state.named(state.at[compactor] as number);
    if (file === -1) return this.toNextName(compactor);
    const id = this.idOf(file);
    if (((state.ids[compactor + 1] as number) & id) !== 0) {
      (state.leftovers[compactor] as number) |= id;
      (state.doomed[compactor] as number) |= 1 << (state.at[compactor] as number);
      return this.toNextName(compactor);
    }
    state.open[compactor] = file + 1;
    return this.advance(compactor);
  }

  private lockSegment(compactor: number): boolean {
    const { lock } = this.state;
    const file = this.openFile(compactor);
    if (lock[file] === free) lock[file] = compactorHolds + compactor;
    else if (this.setting.locksExclude) return this.toNextName(compactor);
    return this.advance(compactor);
  }

  private checkEvidence(compactor: number, otherwise: boolean): boolean {
    if (otherwise && this.setting.evidence === 'exact') return false;
    const { state, owners } = this;
    const isGone =
      state.closed[this.openFile(compactor)] === 1 ||
      state.ownerStep[state.at[compactor] as number] === owners.dead;
    return isGone !== otherwise ? this.advance(compactor) : this.toNextName(compactor);
  }

  private checkName(compactor: number): boolean {
    const isCurrent = this.state.named(this.state.at[compactor] as number) === this.openFile(compactor);
    return isCurrent ? this.advance(compactor) : this.toNextName(compactor);
  }

  private readSegment(compactor: number): boolean {
    const { state } = this;
    const file = this.openFile(compactor);
    const owner = state.at[compactor] as number;
    (state.sums[(compactor + 1) * this.setting.owners + owner] as number) += state.cells[file] as number;
    const id = this.idOf(file);
    if (((state.absorbed[compactor + 1] as number) & id) !== 0)
      state.violation = 'a compactor adds a segment again';
    (state.absorbed[compactor + 1] as number) |= id;
    (state.taken[compactor] as number) |= id;
    (state.doomed[compactor] as number) |= 1 << owner;
    return this.toNextName(compactor);
  }

  private writeTemporary(compactor: number): boolean {
    const { state } = this;
    const { lists } = this.protocol;
    (state.generation[compactor + 1] as number)++;
    const old = lists === 'until the file is gone' ? (state.leftovers[compactor] as number) : 0;
    state.ids[compactor + 1] = lists === 'never' ? 0 : old | (state.taken[compactor] as number);
    state.leftovers[compactor] = 0;
    state.taken[compactor] = 0;
    return this.advance(compactor);
  }

  private renameArchive(compactor: number): boolean {
    this.state.copyArchive(compactor + 1, 0);
    return this.advance(compactor);
  }

  private unlinkSegments(compactor: number): boolean {
    const { state } = this;
    const doomed = state.doomed[compactor] as number;
    const owner = lowest(doomed);
    if (state.name[owner] !== 0 && this.owners.lives(owner)) {
      state.violation = 'a compactor unlinks the segment of an owner that lives';
    }
    state.name[owner] = 0;
    state.doomed[compactor] = doomed & ~(1 << owner);
    return state.doomed[compactor] === 0 ? this.advance(compactor) : true;
  }

  private unlockGroup(compactor: number): boolean {
    return this.advance(compactor);
  }

  private toFirstName(compactor: number): boolean {
    const { state } = this;
    const listed = state.listed[compactor] as number;
    const order = this.protocol.compaction;
    if (listed !== 0) {
      state.at[compactor] = lowest(listed);
      state.visitorStep[compactor] = order.indexOf('openSegment');
      return true;
    }
    state.at[compactor] = 0;
    state.visitorStep[compactor] = order.indexOf('readSegment');
    if (state.taken[compactor] === 0) {
      state.leftovers[compactor] = 0;
      const next = state.doomed[compactor] === 0 ? 'unlockGroup' : 'unlinkSegments';
      state.visitorStep[compactor] = order.indexOf(next) - 1;
    }
    return this.advance(compactor);
  }

  // A compactor keeps the segments that it adds open and locked until it ends.
  private toNextName(compactor: number): boolean {
    const { state } = this;
    const file = this.openFile(compactor);
    if (file !== -1 && state.lock[file] === compactorHolds + compactor) {
      if (((state.taken[compactor] as number) & this.idOf(file)) === 0) state.lock[file] = free;
    }
    state.open[compactor] = 0;
    (state.listed[compactor] as number) &= ~(1 << (state.at[compactor] as number));
    return this.toFirstName(compactor);
  }

  private openFile(compactor: number): number {
    return (this.state.open[compactor] as number) - 1;
  }

  private idOf(file: number): number {
    return idOf(file, this.state.filesEach, this.protocol);
  }
}

function lowest(set: number): number {
  return 31 - Math.clz32(set & -set);
}
