import { documentText, type ExpositionFormat, type TextFormat, textIn } from '../exposition/document';
import { familyObjects, inOrderOf, withDefaultLabels, withoutNamesOf } from '../exposition/families';
import { protobufFamily } from '../exposition/protobuf';
import type { TextFamily } from '../exposition/text';
import type { LabelSet } from '../model/labels';
import type { EscapingScheme } from '../model/name-escaping';
import type { GroupView } from './group-view';
import { missingAddonFamilies, missingAddonText } from './missing-addon';

interface Parts {
  /** Undefined: only `others` are shown. */
  readonly group: GroupView | undefined;
  /** Families that are not in the view of the group. They replace those of the same names. */
  readonly others: readonly TextFamily[];
  /** The metrics of the registry, in the order of its exposition. */
  readonly metrics: ReadonlyMap<string, unknown>;
  /** Whether the group has to be brought into that order. */
  readonly isListed: boolean;
  /** Those of `others`. */
  readonly defaultLabels: LabelSet;
  readonly isGlobal: boolean;
  readonly escaping: EscapingScheme | undefined;
}

/** The view of a group and the families beside it that one scrape of a registry shows. */
export class Shown {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  text(format: TextFormat): string | Promise<string> {
    const { group, others, isListed } = this.#parts;
    if (group === undefined) return documentText(this.#otherTexts(format), format);
    return others.length === 0 && !isListed ? group.text(format) : this.#composedText(group, format);
  }

  async bytes(format: ExpositionFormat): Promise<Buffer> {
    const { group, others, isListed } = this.#parts;
    if (group !== undefined && others.length === 0 && !isListed) return group.bytes(format);
    return format === 'protobuf' ? this.#composedMessages() : Buffer.from(await this.text(format));
  }

  /** As objects. With `hasStarts` the first sample of each series of the group has the time since when it counts. */
  async objects(hasStarts = false): Promise<TextFamily[]> {
    const { group, others, metrics, isListed, defaultLabels } = this.#parts;
    const own = await familyObjects(others, defaultLabels);
    const families = (await group?.families(hasStarts)) ?? [];
    return own.length === 0 && !isListed
      ? families
      : inOrderOf(metrics.keys(), [...withoutNamesOf(own, families), ...own]);
  }

  #otherTexts(format: TextFormat): string[] {
    const { others, metrics, defaultLabels, isGlobal, escaping } = this.#parts;
    const texts = others.map((family) => textIn(format, family, defaultLabels, metrics, escaping));
    return isGlobal ? [...texts, ...missingAddonText(format)] : texts;
  }

  async #composedText(group: GroupView, format: TextFormat): Promise<string> {
    const others = this.#otherTexts(format);
    const texts = withoutNamesOf(others, await group.texts(format));
    return documentText(inOrderOf(this.#parts.metrics.keys(), [...texts, ...others]), format);
  }

  async #composedMessages(): Promise<Buffer> {
    const { group, others, metrics, defaultLabels, isGlobal, escaping } = this.#parts;
    const messages = new Map(await group?.messages());
    const own = others.map((family) => withDefaultLabels(family, defaultLabels));
    for (const family of [...own, ...(isGlobal ? missingAddonFamilies() : [])]) {
      messages.set(family.name, protobufFamily(family, {}, escaping));
    }
    const ordered = inOrderOf(
      metrics.keys(),
      Array.from(messages, ([name, message]) => ({ name, message })),
    );
    return Buffer.concat(ordered.map(({ message }) => message));
  }
}
