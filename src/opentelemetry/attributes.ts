import type { Attributes } from './api';

export const noAttributes: Attributes = {};

/** The attribute set that stands for all beyond the limit of an instrument. */
export const overflowAttributes: Attributes = { 'otel.metric.overflow': 'true' };

/**
 * `attributes` with values that `labelText()` converts rightly: the object itself if all are strings, numbers and booleans, as
 * they nearly always are; otherwise a copy with JSON texts. Inherited attributes, and those that are undefined, are left out.
 */
export function plainAttributes(attributes: unknown): Attributes {
  if (typeof attributes !== 'object' || attributes === null) return noAttributes;
  const prototype = Object.getPrototypeOf(attributes);
  if (prototype !== Object.prototype && prototype !== null) return textsOf(attributes);
  for (const key in attributes) {
    const value = (attributes as Attributes)[key];
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      return textsOf(attributes);
    }
  }
  return attributes as Attributes;
}

function textsOf(attributes: object): Attributes {
  const texts: Record<string, string> = Object.create(null);
  for (const [key, value] of Object.entries(attributes)) {
    const text = textOf(value);
    if (text !== undefined) texts[key] = text;
  }
  return texts;
}

/** Undefined for an attribute that is absent. Null is the empty text, as an empty value is in the specification. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (value === null) return '';
  if (typeof value !== 'object') {
    return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
      ? `${value}`
      : undefined;
  }
  try {
    return JSON.stringify(value);
  } catch {
    // A cycle, or a function of the caller that throws: a measurement is worth more than the text of one attribute.
    return Object.prototype.toString.call(value);
  }
}

/**
 * `attributes` without keys that have the same label name: such values are joined by `;` in the order of their keys, as the
 * specification says, under the first key. The same object where there are none.
 */
export function joinedAttributes(attributes: Attributes, labelOf: (key: string) => string): Attributes {
  const keys = Object.keys(attributes);
  if (new Set(keys.map(labelOf)).size === keys.length) return attributes;
  const byLabel = new Map<string, { readonly key: string; readonly texts: string[] }>();
  for (const key of keys.sort((a, b) => (a < b ? -1 : 1))) {
    const label = labelOf(key);
    const known = byLabel.get(label);
    if (known === undefined) byLabel.set(label, { key, texts: [`${attributes[key]}`] });
    else known.texts.push(`${attributes[key]}`);
  }
  return Object.fromEntries(Array.from(byLabel.values(), ({ key, texts }) => [key, texts.join(';')]));
}
