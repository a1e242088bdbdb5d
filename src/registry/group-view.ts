import { familyTexts, leFirst, withDefaultLabels } from '../exposition/families';
import { documentText, familyText, type TextFamily, type TextFormat } from '../exposition/text';
import type { MetricFamily } from '../model/family';
import type { LabelSet } from '../model/labels';
import type { GroupStore } from '../store/group-store';
import type { View } from '../store/store';

/** What a registry shows of its group: by default the exposition of the store, as it is. */
export class GroupView {
  protected readonly store: GroupStore;
  protected readonly view: View;

  constructor(store: GroupStore, view: View) {
    this.store = store;
    this.view = view;
  }

  text(format: TextFormat): Promise<string> {
    return this.store.text(this.view, format);
  }

  bytes(format: TextFormat): Promise<Buffer> {
    return this.store.bytes(this.view, format);
  }

  /** The text of each family. */
  async texts(format: TextFormat): Promise<string[]> {
    return familyTexts(await this.text(format));
  }

  families(): Promise<readonly TextFamily[]> {
    return this.store.families(this.view);
  }
}

/** That of a merged registry that hides metrics, or has default labels, of which the store does not know. */
export class MergedView extends GroupView {
  readonly #hidden: ReadonlySet<string>;
  readonly #defaultLabels: LabelSet;

  constructor(store: GroupStore, view: View, hidden: ReadonlySet<string>, defaultLabels: LabelSet) {
    super(store, view);
    this.#hidden = hidden;
    this.#defaultLabels = defaultLabels;
  }

  override async text(format: TextFormat): Promise<string> {
    return documentText(await this.texts(format), format);
  }

  override async bytes(format: TextFormat): Promise<Buffer> {
    return Buffer.from(await this.text(format));
  }

  override async texts(format: TextFormat): Promise<string[]> {
    const families = await this.#shown();
    return families.map((family) =>
      familyText(family.type === 'histogram' ? leFirst(family) : family, this.#defaultLabels, format),
    );
  }

  override async families(): Promise<readonly TextFamily[]> {
    return (await this.#shown()).map((family) => withDefaultLabels(family, this.#defaultLabels));
  }

  async #shown(): Promise<MetricFamily[]> {
    const families = await this.store.families(this.view);
    return families.filter(({ name }) => !this.#hidden.has(name));
  }
}
