/** A sample line. Texts are as the exposition has them, without quotation marks and escapes. */
export interface Sample {
  readonly name: string;
  readonly labels: readonly Label[];
  /** A number, or the numbers of version 2 between braces. */
  readonly value: string;
  /** Of version 2: the start time in seconds. */
  readonly start: number | undefined;
  readonly exemplars: readonly Exemplar[];
}

export interface Exemplar {
  readonly labels: readonly Label[];
  readonly value: number;
  readonly time: number | undefined;
}

export type Label = readonly [name: string, value: string];

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly unit: string | undefined;
  /** The kinds of its metadata lines, in their order. */
  readonly metadata: readonly string[];
  readonly samples: readonly Sample[];
}

/** The families of an exposition that the grammar has accepted. A sample belongs to the metadata before it. */
export function familiesOf(text: string): Family[] {
  const families: (Family & { metadata: string[]; samples: Sample[]; type: string; unit?: string })[] = [];
  for (const line of text.split('\n').slice(0, -2)) {
    if (!line.startsWith('# ')) {
      families.at(-1)?.samples.push(sampleOf(line));
      continue;
    }
    const [, kind = '', quoted = '', rest = ''] = /^# (\S+) ("(?:[^"\\]|\\.)*"|\S+) ?(.*)$/s.exec(line) ?? [];
    const name = unquoted(quoted);
    let family = families.at(-1);
    if (family?.name !== name || family.samples.length > 0) {
      family = { name, type: 'unknown', unit: undefined, metadata: [], samples: [] } as never;
      families.push(family as never);
    }
    family?.metadata.push(kind);
    if (kind === 'TYPE' && family) family.type = rest;
    if (kind === 'UNIT' && family) family.unit = rest;
  }
  return families;
}

/** A number of an exposition. */
export function numberOf(text: string): number {
  if (/inf/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  return Number(text);
}

/** A field of a value in braces: what comes after `name:`, of a list what is between the brackets. */
export function fieldOf(value: string, name: string): string | undefined {
  const [, list, single] = new RegExp(`[{,]${name}:(?:\\[([^\\]]*)\\]|([^,}]*))`).exec(value) ?? [];
  return list ?? single;
}

/** One sample line. */
export function sampleOf(line: string): Sample {
  const { name, labels, rest } = headOf(line);
  const [own = '', ...exemplars] = rest.split(/ # (?=\{)/);
  const [, value = '', start] = /^(\{.*\}|\S+)(?: st@(\S+))?$/.exec(own) ?? [];
  return {
    name,
    labels,
    value,
    start: start === undefined ? undefined : Number(start),
    exemplars: exemplars.map(exemplarOf),
  };
}

function exemplarOf(text: string): Exemplar {
  const { labels, rest } = headOf(text);
  const [value = '', time] = rest.split(' ');
  return { labels, value: numberOf(value), time: time === undefined ? undefined : Number(time) };
}

const headPattern = /^([\w:]*)(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})? (.*)$/s;
const labelPattern = /(?:(\w+)|"((?:[^"\\]|\\.)*)")="((?:[^"\\]|\\.)*)"|"((?:[^"\\]|\\.)*)"/gs;

function headOf(line: string): { name: string; labels: Label[]; rest: string } {
  const [, plain = '', inside = '', rest = ''] = headPattern.exec(line) ?? [];
  let name = plain;
  const labels: Label[] = [];
  for (const [, legal, quoted, value = '', own] of inside.matchAll(labelPattern)) {
    if (own !== undefined) name = unescaped(own);
    else labels.push([legal ?? unescaped(quoted ?? ''), unescaped(value)]);
  }
  return { name, labels, rest };
}

function unquoted(text: string): string {
  return text.startsWith('"') ? unescaped(text.slice(1, -1)) : text;
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, (_, character: string) => (character === 'n' ? '\n' : character));
}
