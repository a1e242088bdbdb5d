import type { SeriesKey } from '../model/labels';

/** The labels of a series as `NativeSegment.addSeries()` takes them. */
export function nativeLabels({ texts, asWritten }: SeriesKey, names: readonly string[]): readonly unknown[] {
  const labels: unknown[] = [];
  if (asWritten === undefined) {
    for (let i = 0; i < texts.length; i++) if (texts[i] !== undefined) labels.push(i, texts[i]);
  } else {
    for (const [name, value] of Object.entries(asWritten)) {
      const i = names.indexOf(name);
      labels.push(i, isObject(value) ? [texts[i]] : value);
    }
  }
  return labels;
}

export function isObject(value: unknown): boolean {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
