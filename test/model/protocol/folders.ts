import { type FoldStep, idOf, type Protocol } from './order';
import type { Owners } from './owners';
import { folderHolds, free, type Setting, type State } from './state';

// What folders do. One that has ended or died begins anew, as another process. Its temporary archive is its copy of the
// archive in the state: nobody else reads that file, so it may as well go when the folder dies.
export class Folders {
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

  stepOf(folder: number): FoldStep {
    return this.protocol.fold[this.state.visitorStep[folder] as number] as FoldStep;
  }

  // False if the step cannot be taken now. `otherwise` asks for the second of two possible outcomes.
  take(folder: number, step: FoldStep, otherwise: boolean): boolean {
    return this[step](folder, otherwise);
  }

  // Its end and its death are the same to others: its descriptors, its locks and its memory are gone.
  end(folder: number): boolean {
    const { state } = this;
    const me = folderHolds + folder;
    if (state.groupLock[0] === me) state.groupLock[0] = free;
    for (let file = 0; file < state.lock.length; file++) if (state.lock[file] === me) state.lock[file] = free;
    state.forgetVisitor(folder);
    return true;
  }

  private advance(folder: number): boolean {
    const { visitorStep } = this.state;
    (visitorStep[folder] as number)++;
    if (visitorStep[folder] === this.protocol.fold.length) this.end(folder);
    return true;
  }

  private lockGroup(folder: number): boolean {
    const { groupLock } = this.state;
    if (groupLock[0] === free) groupLock[0] = folderHolds + folder;
    else if (this.setting.locksExclude) return false;
    return this.advance(folder);
  }

  private readArchive(folder: number): boolean {
    const { state } = this;
    state.copyArchive(0, folder + 1);
    state.present[folder] = state.existingNames();
    return this.advance(folder);
  }

  // A name at a time. One that has not been there since the beginning may be missed.
  private list(folder: number, otherwise: boolean): boolean {
    const { state } = this;
    const bit = 1 << (state.at[folder] as number);
    const exists = (state.existingNames() & bit) !== 0;
    if (otherwise && (!exists || ((state.present[folder] as number) & bit) !== 0)) return false;
    if (exists && !otherwise) (state.listed[folder] as number) |= bit;
    (state.at[folder] as number)++;
    if (state.at[folder] === this.setting.owners) {
      state.present[folder] = 0;
      this.toFirstName(folder);
    }
    return true;
  }

  private openSegment(folder: number): boolean {
    const { state } = this;
    const file = state.named(state.at[folder] as number);
    if (file === -1) return this.toNextName(folder);
    const id = this.idOf(file);
    if (((state.ids[folder + 1] as number) & id) !== 0) {
      (state.leftovers[folder] as number) |= id;
      (state.doomed[folder] as number) |= 1 << (state.at[folder] as number);
      return this.toNextName(folder);
    }
    state.open[folder] = file + 1;
    return this.advance(folder);
  }

  private lockSegment(folder: number): boolean {
    const { lock } = this.state;
    const file = this.openFile(folder);
    if (lock[file] === free) lock[file] = folderHolds + folder;
    else if (this.setting.locksExclude) return this.toNextName(folder);
    return this.advance(folder);
  }

  private checkEvidence(folder: number, otherwise: boolean): boolean {
    if (otherwise && this.setting.evidence === 'exact') return false;
    const { state, owners } = this;
    const isGone =
      state.closed[this.openFile(folder)] === 1 ||
      state.ownerStep[state.at[folder] as number] === owners.dead;
    return isGone !== otherwise ? this.advance(folder) : this.toNextName(folder);
  }

  private checkName(folder: number): boolean {
    const isStillThere = this.state.named(this.state.at[folder] as number) === this.openFile(folder);
    return isStillThere ? this.advance(folder) : this.toNextName(folder);
  }

  private readSegment(folder: number): boolean {
    const { state } = this;
    const file = this.openFile(folder);
    const owner = state.at[folder] as number;
    (state.sums[(folder + 1) * this.setting.owners + owner] as number) += state.cells[file] as number;
    const id = this.idOf(file);
    if (((state.absorbed[folder + 1] as number) & id) !== 0)
      state.violation = 'a folder adds a segment again';
    (state.absorbed[folder + 1] as number) |= id;
    (state.taken[folder] as number) |= id;
    (state.doomed[folder] as number) |= 1 << owner;
    return this.toNextName(folder);
  }

  private writeTemporary(folder: number): boolean {
    const { state } = this;
    const { lists } = this.protocol;
    (state.generation[folder + 1] as number)++;
    const old = lists === 'until the file is gone' ? (state.leftovers[folder] as number) : 0;
    state.ids[folder + 1] = lists === 'never' ? 0 : old | (state.taken[folder] as number);
    state.leftovers[folder] = 0;
    state.taken[folder] = 0;
    return this.advance(folder);
  }

  private renameArchive(folder: number): boolean {
    this.state.copyArchive(folder + 1, 0);
    return this.advance(folder);
  }

  private unlinkSegments(folder: number): boolean {
    const { state } = this;
    const doomed = state.doomed[folder] as number;
    const owner = lowest(doomed);
    if (state.name[owner] !== 0 && this.owners.lives(owner)) {
      state.violation = 'a folder unlinks the segment of an owner that lives';
    }
    state.name[owner] = 0;
    state.doomed[folder] = doomed & ~(1 << owner);
    return state.doomed[folder] === 0 ? this.advance(folder) : true;
  }

  private unlockGroup(folder: number): boolean {
    return this.advance(folder);
  }

  private toFirstName(folder: number): boolean {
    const { state } = this;
    const listed = state.listed[folder] as number;
    const order = this.protocol.fold;
    if (listed !== 0) {
      state.at[folder] = lowest(listed);
      state.visitorStep[folder] = order.indexOf('openSegment');
      return true;
    }
    state.at[folder] = 0;
    state.visitorStep[folder] = order.indexOf('readSegment');
    if (state.taken[folder] === 0) {
      state.leftovers[folder] = 0;
      const next = state.doomed[folder] === 0 ? 'unlockGroup' : 'unlinkSegments';
      state.visitorStep[folder] = order.indexOf(next) - 1;
    }
    return this.advance(folder);
  }

  // A folder keeps what it adds open and locked until it ends.
  private toNextName(folder: number): boolean {
    const { state } = this;
    const file = this.openFile(folder);
    if (file !== -1 && state.lock[file] === folderHolds + folder) {
      if (((state.taken[folder] as number) & this.idOf(file)) === 0) state.lock[file] = free;
    }
    state.open[folder] = 0;
    (state.listed[folder] as number) &= ~(1 << (state.at[folder] as number));
    return this.toFirstName(folder);
  }

  private openFile(folder: number): number {
    return (this.state.open[folder] as number) - 1;
  }

  private idOf(file: number): number {
    return idOf(file, this.state.filesEach, this.protocol);
  }
}

function lowest(set: number): number {
  return 31 - Math.clz32(set & -set);
}
