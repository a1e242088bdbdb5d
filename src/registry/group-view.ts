import { familyTexts, leFirst, withDefaultLabels } from '../exposition/families';
import { documentText, familyText, type TextFamily, type TextFormat } from '../exposition/text';
import type { MetricFamily } from '../model/family';
import type { LabelSet } from '../model/labels';
import type { GroupStore } from '../store/group-store';
import type { View } from '../store/store';

/** The differences between a merged registry and the exposition of its scopes. */
interface Changes {
  readonly hidden: ReadonlySet<string>;
  readonly defaultLabels: LabelSet;
}

/** The exposition of a registry's group: that of the store, with changes or as it is. */
export class GroupView {
  readonly #store: GroupStore;
  readonly #view: View;
  readonly #changes: Changes | undefined;

  constructor(store: GroupStore, view: View, changes: Changes | undefined) {
    this.#store = store;
    this.#view = view;
    this.#changes = changes;
  }

  async text(format: TextFormat): Promise<string> {
    if (this.#changes === undefined) return this.#store.text(this.#view, format);
    return documentText(await this.texts(format), format);
  }

  async bytes(format: TextFormat): Promise<Buffer> {
    if (this.#changes === undefined) return this.#store.bytes(this.#view, format);
    return Buffer.from(await this.text(format));
  }

  /** The text of each family. */
  async texts(format: TextFormat): Promise<string[]> {
    const changes = this.#changes;
    if (changes === undefined) return familyTexts(await this.text(format));
    return (await this.#shown(changes)).map((family) =>
      familyText(family.type === 'histogram' ? leFirst(family) : family, changes.defaultLabels, format),
    );
  }

  async families(): Promise<TextFamily[]> {
    const changes = this.#changes;
    if (changes === undefined) return this.#store.families(this.#view);
    return (await this.#shown(changes)).map((family) => withDefaultLabels(family, changes.defaultLabels));
  }

  async #shown({ hidden }: Changes): Promise<MetricFamily[]> {
    return (await this.#store.families(this.#view)).filter(({ name }) => !hidden.has(name));
  }
}
