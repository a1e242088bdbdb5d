import { isLegacyName, type NameKind } from '../model/name-escaping';

/** A name as the text formats have it: in quotation marks where not every reader accepts it. */
export function quotedName(name: string, kind: NameKind): string {
  return isLegacyName(name, kind) ? name : quoted(name);
}

/** The start of a line: the name of the sample, and its labels, which are written already. */
export function sampleText(name: string, labels: readonly string[]): string {
  if (!isLegacyName(name, 'metric')) return `{${[quoted(name), ...labels].join(',')}}`;
  return labels.length === 0 ? name : `${name}{${labels.join(',')}}`;
}

function quoted(name: string): string {
  return `"${name.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"')}"`;
}
