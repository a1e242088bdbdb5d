import { nameCollides } from '../errors';
import { escapedName } from '../model/name-escaping';
import type { Registrable } from './registrable';

/** The metrics of a registry. No two names are one for readers that accept letters, digits and underscores only. */
export class MetricsByName extends Map<string, Registrable> {
  readonly #owners = new Map<string, string>();

  /** Throws if another name is the same for such a reader. */
  override set(name: string, metric: Registrable): this {
    const escaped = escapedName(name, 'metric', 'underscores');
    const owner = this.#owners.get(escaped) ?? name;
    if (owner !== name) throw nameCollides(name, owner, escaped);
    this.#owners.set(escaped, name);
    return super.set(name, metric);
  }

  override delete(name: string): boolean {
    if (this.has(name)) this.#owners.delete(escapedName(name, 'metric', 'underscores'));
    return super.delete(name);
  }

  override clear(): void {
    this.#owners.clear();
    super.clear();
  }
}
