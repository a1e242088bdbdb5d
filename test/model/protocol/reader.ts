import { idOf, type Protocol, type ReadStep } from './order';
import type { Setting, State } from './state';

// The reader, which reads again and again. A read covers one owner: the other owners would only delay it, and the search tries
// every delay between two steps. So a property that holds for each owner holds for a read of all.
export class Reader {
  private readonly state: State;
  private readonly setting: Setting;
  private readonly protocol: Protocol;
  private readonly me: number;
  private readonly ways: Readonly<Record<ReadStep, readonly string[]>>;

  constructor(state: State, setting: Setting, protocol: Protocol) {
    this.state = state;
    this.setting = setting;
    this.protocol = protocol;
    this.me = setting.compactors;
    this.ways = {
      readArchive: Array.from(state.name, (_, owner) => `readArchive, for owner ${owner + 1}`),
      list: ['list', 'list, missing a name'],
      openSegment: ['openSegment'],
      readSegment: ['readSegment'],
      checkArchive: ['checkArchive'],
    };
  }

  step(): ReadStep {
    return this.protocol.read[this.state.visitorStep[this.me] as number] as ReadStep;
  }

  // The ways in which a step may go.
  waysOf(step: ReadStep): readonly string[] {
    return this.ways[step];
  }

  // False if the step cannot go that way now.
  take(step: ReadStep, way: number): boolean {
    return this[step](way);
  }

  private readArchive(owner: number): boolean {
    const { state, me } = this;
    const { owners } = this.setting;
    state.at[me] = owner;
    state.countedBefore[0] = state.counted[owner] as number;
    state.present[me] = state.existingNames() & (1 << owner);
    state.generation[me + 1] = state.generation[0] as number;
    state.ids[me + 1] = state.ids[0] as number;
    state.sums[(me + 1) * owners + owner] = state.sums[owner] as number;
    return this.goTo('list');
  }

  // A name that did not exist at the beginning may be missed.
  private list(way: number): boolean {
    const { state, me } = this;
    const exists = state.named(state.at[me] as number) !== -1;
    const mayMiss = exists && state.present[me] === 0;
    if (way === 1 && !mayMiss) return false;
    state.present[me] = 0;
    return this.goTo(exists && way === 0 ? 'openSegment' : 'checkArchive');
  }

  private openSegment(): boolean {
    const { state, me } = this;
    const file = state.named(state.at[me] as number);
    if (file === -1) return this.goTo('checkArchive');
    const isCompacted = ((state.ids[me + 1] as number) & idOf(file, state.filesEach, this.protocol)) !== 0;
    if (isCompacted && this.protocol.readerSkipsCompacted) return this.goTo('checkArchive');
    state.open[me] = file + 1;
    return this.goTo('readSegment');
  }

  private readSegment(): boolean {
    const { state, me } = this;
    const file = (state.open[me] as number) - 1;
    (state.sums[(me + 1) * this.setting.owners + (state.at[me] as number)] as number) += state.cells[
      file
    ] as number;
    state.open[me] = 0;
    return this.goTo('checkArchive');
  }

  private checkArchive(): boolean {
    const { state, me } = this;
    if (state.generation[0] === state.generation[me + 1]) return this.deliver();
    state.forgetVisitor(me);
    state.countedBefore[0] = 0;
    return true;
  }

  private deliver(): boolean {
    const { state, me } = this;
    const owner = state.at[me] as number;
    const sum = state.sums[(me + 1) * this.setting.owners + owner] as number;
    if (sum < (state.countedBefore[0] as number))
      state.violation = 'a read gives less than had been counted before it';
    if (sum > (state.counted[owner] as number)) state.violation = 'a read gives more than has been counted';
    state.forgetVisitor(me);
    state.countedBefore[0] = 0;
    return true;
  }

  // A read ends where the protocol lacks the step.
  private goTo(step: ReadStep): boolean {
    const next = this.protocol.read.indexOf(step);
    if (next === -1) return this.deliver();
    this.state.visitorStep[this.me] = next;
    return true;
  }
}
