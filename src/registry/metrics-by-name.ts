import { nameCollides } from '../errors';
import { escapedName } from '../model/name-escaping';
import type { Registrable } from './registrable';

/** The metrics of a registry. No two names are one for readers that accept letters, digits and underscores only. */
export class MetricsByName extends Map<string, Registrable> {
  /** The names that such a reader gets escaped, by their escaped text. Undefined as long as there is none. */
  #escaped: Map<string, string> | undefined;

  /** Throws if another name is the same for such a reader. */
  override set(name: string, metric: Registrable): this {
    const escaped = escapedName(name, 'metric', 'underscores');
    const other = this.#escaped?.get(escaped) ?? (this.has(escaped) ? escaped : name);
    if (other !== name) throw nameCollides(name, other, escaped);
    if (escaped !== name) {
      this.#escaped ??= new Map();
      this.#escaped.set(escaped, name);
    }
    return super.set(name, metric);
  }

  override delete(name: string): boolean {
    if (this.has(name)) this.#escaped?.delete(escapedName(name, 'metric', 'underscores'));
    return super.delete(name);
  }

  override clear(): void {
    this.#escaped = undefined;
    super.clear();
  }
}
