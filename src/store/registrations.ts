import type { FamilyDefinition } from '../model/family';
import type { LabelSet } from '../model/labels';
import type { NativeSegment } from '../native';
import { isObject } from './native-labels';
import type { ChoiceKind, LiveSeries } from './store';

/** A family, scope or membership that a segment must hold. */
export interface Registration {
  /** Names it among all registrations. One with the key of an earlier one replaces that. */
  readonly key: string;
  /** Keys of the registrations that the record refers to. */
  readonly refersTo?: readonly string[];
  /** Appends the record and returns it. Throws a NativeError when there is no room. */
  append(segment: NativeSegment): number;
}

export interface FamilyRegistration {
  definition: FamilyDefinition;
  readonly live: LiveSeries;
  /** The key of its registration. */
  readonly key: string;
  /** The keys of its memberships, by the name of the scope. */
  readonly memberships: Map<string, string>;
}

interface Scope {
  readonly id: number;
  readonly flags: number;
  /** Names and values in turn. */
  readonly defaultLabels: readonly unknown[];
}

/** The families and scopes of this thread, as a log of registrations that can be replayed into a segment that is opened later. */
export abstract class Registrations {
  /** By key, in an order in which a segment can take them. */
  protected readonly log: Map<string, Registration> = new Map();
  protected readonly registered: Map<number, FamilyRegistration> = new Map();
  readonly #scopes = new Map<string, Scope>();
  #lastFamily = 0;

  /** Opens the file of this thread if need be. */
  protected abstract openFile(): NativeSegment | undefined;
  protected abstract registerInSegments(registration: Registration): void;
  protected abstract unregisterInSegments(key: string): void;

  addFamily(definition: FamilyDefinition, live: LiveSeries): number {
    const family = ++this.#lastFamily;
    const key = `family ${family}`;
    this.registered.set(family, { definition, live, key, memberships: new Map() });
    this.#registerFamily(family, key, definition);
    return family;
  }

  changeFamily(family: number, definition: FamilyDefinition): void {
    const known = this.registered.get(family);
    if (known === undefined) return;
    known.definition = definition;
    this.#registerFamily(family, known.key, definition);
  }

  replaceFamily(from: number, to: number): void {
    const scopes = [...(this.registered.get(from)?.memberships.keys() ?? [])];
    for (const scope of scopes) {
      // A reader in between sees neither of them, and not the sum of both.
      this.unregister(scope, from);
      this.register(scope, to);
    }
  }

  removeFamily(family: number): void {
    const known = this.registered.get(family);
    if (known === undefined) return;
    for (const key of [...known.memberships.values(), known.key]) this.#unregister(key);
    this.registered.delete(family);
  }

  /** Adds a family to a scope; the order of registration is the order of exposition. */
  register(scopeName: string, family: number): void {
    const scope = this.#scopes.get(scopeName) ?? this.#setScope(scopeName, {});
    const known = this.registered.get(family);
    const key = membershipKey(scope, family);
    if (known === undefined || known.memberships.has(scopeName)) return;
    known.memberships.set(scopeName, key);
    const append = (segment: NativeSegment): number => segment.addMember(scope.id, family);
    this.#register({ key, refersTo: [scopeKey(scope), known.key], append });
  }

  unregister(scopeName: string, family: number): void {
    const scope = this.#scopes.get(scopeName);
    if (scope === undefined) return;
    this.registered.get(family)?.memberships.delete(scopeName);
    this.#unregister(membershipKey(scope, family));
  }

  isRegistered(scopeName: string, family: number): boolean {
    return this.registered.get(family)?.memberships.has(scopeName) === true;
  }

  setDefaultLabels(scope: string, labels: LabelSet): void {
    const defaultLabels = Object.entries(labels).flatMap(([label, value]) => [
      label,
      isObject(value) ? [`${value}`] : value,
    ]);
    this.#setScope(scope, { defaultLabels });
  }

  /** Marks `scopes`, and no others, as this thread's choice; see `View.chosen`. */
  chooseScopes(kind: ChoiceKind, scopes: readonly string[]): void {
    const flag = scopeFlags[kind];
    for (const name of new Set([...this.#scopes.keys(), ...scopes])) {
      const { flags } = this.#scopes.get(name) ?? newScope;
      const chosen = scopes.includes(name) ? flags | flag : flags & ~flag;
      if (chosen !== flags) this.#setScope(name, { flags: chosen });
    }
  }

  #setScope(name: string, change: Partial<Scope>): Scope {
    const scope = { id: this.#scopes.size, ...newScope, ...this.#scopes.get(name), ...change };
    this.#scopes.set(name, scope);
    const { id, flags, defaultLabels } = scope;
    const append = (segment: NativeSegment): number => segment.addScope(id, name, flags, defaultLabels);
    this.#register({ key: scopeKey(scope), append });
    return scope;
  }

  #registerFamily(family: number, key: string, definition: FamilyDefinition): void {
    this.#register({ key, append: (segment) => segment.addFamily(family, definition) });
  }

  #register(registration: Registration): void {
    this.openFile(); // before the log has it: a new segment gets all of the log
    this.log.set(registration.key, registration);
    this.registerInSegments(registration);
  }

  #unregister(key: string): void {
    this.log.delete(key);
    this.unregisterInSegments(key);
  }
}

const newScope = { flags: 0, defaultLabels: [] };
const scopeFlags: Readonly<Record<ChoiceKind, number>> = { cluster: 1, worker: 2 };

const scopeKey = ({ id }: Scope): string => `scope ${id}`;
const membershipKey = ({ id }: Scope, family: number): string => `member ${id} ${family}`;
