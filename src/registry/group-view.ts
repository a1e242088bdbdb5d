import {
  documentText,
  type ExpositionFormat,
  familyTexts,
  type TextFormat,
  textIn,
} from '../exposition/document';
import { familyObjects, leFirst } from '../exposition/families';
import { protobufFamilies, protobufFamily } from '../exposition/protobuf';
import type { TextFamily } from '../exposition/text';
import type { MetricFamily } from '../model/family';
import type { LabelSet } from '../model/labels';
import type { EscapingScheme } from '../model/name-escaping';
import { currentStore } from '../store/current';
import type { GroupStore } from '../store/group-store';
import type { View } from '../store/store';
import type { ExpositionOptions } from '../types/registry';

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

  get escaping(): EscapingScheme | undefined {
    return this.#view.escaping;
  }

  async text(format: TextFormat): Promise<string> {
    if (this.#changes === undefined) return this.#store.text(this.#view, format);
    return documentText(await this.texts(format), format);
  }

  async bytes(format: ExpositionFormat): Promise<Buffer> {
    if (this.#changes === undefined) return this.#store.bytes(this.#view, format);
    if (format !== 'protobuf') return Buffer.from(await this.text(format));
    return Buffer.concat([...(await this.messages()).values()]);
  }

  /** The families as Protobuf, by their names. */
  async messages(): Promise<Map<string, Buffer>> {
    const changes = this.#changes;
    if (changes === undefined) return protobufFamilies(await this.bytes('protobuf'));
    return new Map(
      (await this.#shown(changes)).map((family) => [
        family.name,
        protobufFamily(family, changes.defaultLabels, this.escaping),
      ]),
    );
  }

  /** The text of each family. */
  async texts(format: TextFormat): Promise<string[]> {
    const changes = this.#changes;
    if (changes === undefined) return familyTexts(await this.text(format), format);
    const families = await this.#shown(changes);
    const names = new Set(families.map(({ name }) => name));
    return families.map((family) =>
      textIn(
        format,
        family.type === 'histogram' ? leFirst(family) : family,
        changes.defaultLabels,
        names,
        this.escaping,
      ),
    );
  }

  /** With `hasStarts` the first sample of each series has the time since when it counts. */
  async families(hasStarts = false): Promise<TextFamily[]> {
    const changes = this.#changes;
    if (changes === undefined) return this.#store.families(this.#view, hasStarts);
    return familyObjects(await this.#shown(changes, hasStarts), changes.defaultLabels);
  }

  async #shown({ hidden }: Changes, hasStarts = true): Promise<MetricFamily[]> {
    return (await this.#store.families(this.#view, hasStarts)).filter(({ name }) => !hidden.has(name));
  }
}

export type ScrapeOptions = ExpositionOptions & { readonly escaping?: EscapingScheme };

/**
 * The part of the group that a registry of these scopes shows; undefined while it has none. `changes` are those of a merged registry,
 * which has default labels of its own.
 */
export function groupViewOf(
  scopes: readonly string[],
  changes: Changes | undefined,
  { perProcess = false, view, pid, names, escaping }: ScrapeOptions,
): GroupView | undefined {
  const store = currentStore();
  if (scopes.length === 0 || !store.shared) return undefined;
  const ownProcess = (view ?? store.view) === 'process';
  const defaultLabels = changes === undefined;
  const shown = { scopes, defaultLabels, perOwner: perProcess, ownProcess, pid, names, escaping };
  const isChanged = changes && changes.hidden.size + Object.keys(changes.defaultLabels).length > 0;
  return new GroupView(store, shown, isChanged ? changes : undefined);
}
