import type { SeriesKey } from '../model/labels';
import { escapedName } from '../model/name-escaping';
import type { FamilySeries, RecordLabels } from '../series/family-series';
import type { Series } from '../series/series';
import type { Attributes } from './api';
import { joinedAttributes, noAttributes, overflowAttributes, plainAttributes } from './attributes';
import type { NamedFamily } from './named-family';
import { labelName, type Translation } from './names';

export interface AttributeSeriesOptions {
  /** The labels that all series have: scope and resource. They stand behind the others. */
  readonly constantLabels: ReadonlyMap<string, string>;
  readonly translation: Translation;
  readonly filter: ((attributes: Attributes) => Attributes) | undefined;
  /** Attribute sets, that of the overflow included. */
  readonly maxSeries: number;
  readonly ttlSeconds: number | undefined;
  readonly exemplars: boolean;
  /** Whether a view gives the description. */
  readonly isDescribed: boolean;
  /** Called when a family is added to the store. */
  readonly opened: () => void;
  /** Called once, with the first set beyond the limit. */
  readonly overflowed: () => void;
}

/** The series of one instrument by their attributes: of some of the families of a name. */
export class AttributeSeries {
  readonly named: NamedFamily;
  readonly #options: AttributeSeriesOptions;
  /** An attribute set belongs to the oldest family that has all its keys: so no set is in two. */
  readonly #families: { readonly keys: ReadonlySet<string>; readonly series: FamilySeries<Series> }[] = [];
  /** The name of the label for a key. */
  readonly #label: (key: string) => string;
  /** The same for scrapers that accept letters, digits and underscores only: two labels of a series must not be one for them. */
  readonly #plainLabel = (key: string): string => plainLabel(this.#label(key));
  #hasOverflowed = false;

  constructor(named: NamedFamily, options: AttributeSeriesOptions) {
    this.named = named;
    this.#options = options;
    const { constantLabels } = options;
    const hasBuckets = named.head.type === 'histogram';
    const taken = new Set([...constantLabels.keys(), '__name__', ...(hasBuckets ? ['le'] : [])]);
    const isTaken = (label: string): boolean => taken.has(plainLabel(label));
    // As Prometheus does with a label of a target that the metric has as well.
    const free = (label: string): string => (isTaken(label) ? free(`exported_${label}`) : label);
    this.#label = (key) => free(labelName(key, options.translation));
  }

  /** The series of `attributes`, made if need be. An owner of the result asks again when its `record` is -1. */
  at(attributes: unknown): Series {
    const plain = attributes === undefined ? noAttributes : plainAttributes(attributes);
    const { filter } = this.#options;
    const kept = filter === undefined ? plain : filter(plain);
    return this.#find(kept) ?? this.#create(kept);
  }

  /**
   * Exposes the family while it has no series, if a registry shows its own numbers: it lists its families before it runs callbacks, and
   * would show those that are new with its next scrape.
   */
  expose(): void {
    if (this.#families.length === 0 && !this.named.isShared) this.#familyFor(noAttributes);
  }

  /** Another description of the instrument. */
  describe(description: string): void {
    if (!this.#options.isDescribed) this.named.describe(description);
  }

  /** Removes the series for which `condition` is true. */
  removeIf(condition: (series: Series) => boolean): void {
    for (const { series } of this.#families) series.removeIf(condition);
  }

  #find(attributes: Attributes): Series | undefined {
    const families = this.#families;
    for (let i = 0; i < families.length; i++) {
      const found = families[i]?.series.table.find(attributes);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #create(attributes: Attributes): Series {
    const joined = joinedAttributes(attributes, this.#plainLabel);
    if (joined !== attributes) return this.#find(joined) ?? this.#add(joined);
    return this.#add(attributes);
  }

  #add(attributes: Attributes): Series {
    const { maxSeries, overflowed } = this.#options;
    const size = this.#families.reduce((sum, { series }) => sum + series.table.size, 0);
    if (size < maxSeries - 1 || attributes === overflowAttributes) {
      return this.#familyFor(attributes).at(attributes);
    }
    if (!this.#hasOverflowed) overflowed();
    this.#hasOverflowed = true;
    return this.#find(overflowAttributes) ?? this.#add(overflowAttributes);
  }

  #familyFor(attributes: Attributes): FamilySeries<Series> {
    const keys = Object.keys(attributes);
    const known = this.#families.find((family) => keys.every((key) => family.keys.has(key)));
    if (known !== undefined) return known.series;
    const { constantLabels, ttlSeconds, exemplars, opened } = this.#options;
    // With the keys of the family before, so that there are few families, unless labels would have one name.
    const all = [...new Set([...(this.#families.at(-1)?.keys ?? []), ...keys])];
    const isUnion = new Set(all.map(this.#plainLabel)).size === all.length;
    const labels = new KeyLabels(isUnion ? all : keys, this.#label, constantLabels);
    const series = this.named.add(labels.labelNames, labels, exemplars);
    for (const key of labels.names) this.named.keys.set(this.#label(key), key);
    if (ttlSeconds !== undefined) series.limitIdleTime(ttlSeconds * 1000);
    this.#families.push({ keys: new Set(labels.names), series });
    opened();
    return series;
  }
}

function plainLabel(label: string): string {
  return escapedName(label, 'label', 'underscores');
}

/** Attribute keys as callers write them, and the label names of the records: those translated, then the constant labels. */
class KeyLabels implements RecordLabels {
  readonly names: readonly string[];
  readonly labelNames: readonly string[];
  readonly #constantTexts: readonly string[];

  constructor(
    keys: readonly string[],
    label: (key: string) => string,
    constantLabels: ReadonlyMap<string, string>,
  ) {
    this.names = keys;
    this.labelNames = [...keys.map(label), ...constantLabels.keys()];
    this.#constantTexts = [...constantLabels.values()];
  }

  recordKey({ texts }: SeriesKey): SeriesKey {
    return { texts: [...texts, ...this.#constantTexts], asWritten: undefined };
  }
}
