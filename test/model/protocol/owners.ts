import type { OwnerStep, Protocol } from './order';
import { free, ownerHolds, type Setting, type State } from './state';

// The owners of segments. The steps of an owner have numbers: those of create, the one in which it counts, those of rewrite
// and of close. After these it is gone, or dead.
export class Owners {
  readonly counting: number;
  readonly rewriting: number;
  readonly closing: number;
  readonly gone: number;
  readonly dead: number;
  private readonly state: State;
  private readonly setting: Setting;
  private readonly steps: readonly (OwnerStep | undefined)[];

  constructor(state: State, setting: Setting, { create, rewrite, close }: Protocol) {
    this.state = state;
    this.setting = setting;
    this.steps = [...create, undefined, ...rewrite, ...close];
    this.counting = create.length;
    this.rewriting = this.counting + 1;
    this.closing = this.rewriting + rewrite.length;
    this.gone = this.closing + close.length;
    this.dead = this.gone + 1;
  }

  stepAt(at: number): OwnerStep {
    return this.steps[at] as OwnerStep;
  }

  // False if the step cannot be taken now.
  take(owner: number, at: number): boolean {
    const { state } = this;
    const isRewrite = at >= this.rewriting && at < this.closing;
    if (at === this.rewriting && state.file[owner] === this.setting.rewrites) return false;
    if (!this[this.stepAt(at)](owner, this.currentFile(owner) + (isRewrite ? 1 : 0))) return false;
    if (isRewrite && at + 1 === this.closing) {
      (state.file[owner] as number)++;
      state.ownerStep[owner] = this.counting;
    } else {
      state.ownerStep[owner] = at + 1;
    }
    return true;
  }

  // One aligned store, the last one of the increment.
  increment(owner: number): boolean {
    if (this.state.counted[owner] === this.setting.increments) return false;
    (this.state.counted[owner] as number)++;
    (this.state.cells[this.currentFile(owner)] as number)++;
    return true;
  }

  die(owner: number): boolean {
    const { lock, filesEach } = this.state;
    for (let file = owner * filesEach; file < (owner + 1) * filesEach; file++) {
      if (lock[file] === ownerHolds) lock[file] = free;
    }
    this.state.ownerStep[owner] = this.dead;
    this.state.file[owner] = 0;
    return true;
  }

  // True until the closed mark: the owner writes nothing after it.
  lives(owner: number): boolean {
    return (this.state.ownerStep[owner] as number) <= this.closing;
  }

  hasOpen(owner: number, file: number): boolean {
    const at = this.state.ownerStep[owner] as number;
    if (at === 0 || at >= this.gone) return false;
    const current = this.currentFile(owner);
    return file === current || (file === current + 1 && at > this.rewriting && at < this.closing);
  }

  // True if no other process can see that the step was taken: it concerns a file that has no name yet.
  isUnseen(owner: number, at: number): boolean {
    const step = this.steps[at];
    const named = this.state.named(owner);
    return (
      step === 'createTemporary' ||
      (step === 'lockTemporary' && named === -1) ||
      (step === 'lockCopy' && named === this.currentFile(owner))
    );
  }

  private currentFile(owner: number): number {
    return owner * this.state.filesEach + (this.state.file[owner] as number);
  }

  private createTemporary(): boolean {
    return true;
  }

  private lockTemporary(_owner: number, file: number): boolean {
    const { lock } = this.state;
    if (lock[file] === free) lock[file] = ownerHolds;
    return lock[file] === ownerHolds || !this.setting.locksExclude;
  }

  private publish(owner: number, file: number): boolean {
    this.state.name[owner] = 1 + (file % this.state.filesEach);
    return true;
  }

  private copyToTemporary(_owner: number, copy: number): boolean {
    this.state.cells[copy] = this.state.cells[copy - 1] as number;
    return true;
  }

  private lockCopy(owner: number, copy: number): boolean {
    return this.lockTemporary(owner, copy);
  }

  private renameOver(owner: number, copy: number): boolean {
    if (this.setting.listings === 'miss rewritten names') {
      const { present } = this.state;
      for (let visitor = 0; visitor < present.length; visitor++)
        (present[visitor] as number) &= ~(1 << owner);
    }
    return this.publish(owner, copy);
  }

  private unlockOld(owner: number, copy: number): boolean {
    return this.unlock(owner, copy - 1);
  }

  private markClosed(_owner: number, file: number): boolean {
    this.state.closed[file] = 1;
    return true;
  }

  private unlock(_owner: number, file: number): boolean {
    if (this.state.lock[file] === ownerHolds) this.state.lock[file] = free;
    return true;
  }
}
