import type { FamilyDefinition } from '../model/family';
import type { OwnSegment } from './own-segment';
import type { CellRef, SeriesRef } from './store';

type DefaultLabels = Readonly<Record<string, unknown>>;

/** What a segment is told, so that it can be told to another. */
export type Announcement = (segment: OwnSegment) => void;

/** All families, scopes and memberships that this thread has announced: a segment that comes later must hear of them. */
export class Announcements {
  #lastFamily = 0;
  readonly #families = new Map<number, { definition: FamilyDefinition; live: Iterable<SeriesRef> }>();
  readonly #scopes = new Map<string, { id: number; defaultLabels: DefaultLabels }>();
  readonly #members = new Map<string, { scope: number; family: number }>();

  addFamily(definition: FamilyDefinition, live: Iterable<SeriesRef>): [family: number, Announcement] {
    const family = ++this.#lastFamily;
    this.#families.set(family, { definition, live });
    return [family, (segment) => segment.addFamily(family, definition)];
  }

  /** Takes its memberships back, too. */
  removeFamily(family: number): Announcement {
    this.#families.delete(family);
    const memberships = [...this.#members].filter(([, member]) => member.family === family);
    for (const [key] of memberships) this.#members.delete(key);
    return (segment) => {
      for (const [, { scope }] of memberships) segment.removeMember(scope, family);
      segment.removeFamily(family);
    };
  }

  hasScope(name: string): boolean {
    return this.#scopes.has(name);
  }

  /** Announces the scope, or its new default labels. */
  setScope(name: string, defaultLabels: DefaultLabels): Announcement {
    const id = this.#scopes.get(name)?.id ?? this.#scopes.size;
    this.#scopes.set(name, { id, defaultLabels });
    return (segment) => segment.addScope(id, name, defaultLabels);
  }

  /** In a scope that has been announced. */
  addMember(scopeName: string, family: number): Announcement {
    const scope = this.#scopes.get(scopeName)?.id ?? -1;
    this.#members.set(`${scope}/${family}`, { scope, family });
    return (segment) => segment.addMember(scope, family);
  }

  removeMember(scopeName: string, family: number): Announcement {
    const scope = this.#scopes.get(scopeName)?.id ?? -1;
    this.#members.delete(`${scope}/${family}`);
    return (segment) => segment.removeMember(scope, family);
  }

  /** Everything that holds, in an order in which it can be said to a new segment. */
  *all(): IterableIterator<Announcement> {
    for (const [name, { id, defaultLabels }] of this.#scopes) {
      yield (segment) => segment.addScope(id, name, defaultLabels);
    }
    for (const [family, { definition }] of this.#families) {
      yield (segment) => segment.addFamily(family, definition);
    }
    for (const { scope, family } of this.#members.values()) {
      yield (segment) => segment.addMember(scope, family);
    }
  }

  /** Every holder of cells there is, of whatever segment, and dead ones. */
  *holders(): IterableIterator<CellRef> {
    for (const { live } of this.#families.values()) {
      for (const series of live) {
        yield series;
        yield* series.parts?.() ?? [];
      }
    }
  }
}
