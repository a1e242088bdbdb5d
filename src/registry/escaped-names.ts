import { nameCollides } from '../errors';
import { escapedName } from '../model/name-escaping';

/** The names of a registry as readers see them that accept letters, digits and underscores only. No two may be the same there. */
export class EscapedNames {
  readonly #owners = new Map<string, string>();

  /** Throws if another name is the same for such a reader. */
  add(name: string): void {
    const escaped = escapedName(name, 'metric', 'underscores');
    const owner = this.#owners.get(escaped) ?? name;
    if (owner !== name) throw nameCollides(name, owner, escaped);
    this.#owners.set(escaped, name);
  }

  delete(name: string): void {
    const escaped = escapedName(name, 'metric', 'underscores');
    if (this.#owners.get(escaped) === name) this.#owners.delete(escaped);
  }
}
