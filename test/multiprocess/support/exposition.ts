/** One line of an exposition. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: readonly Sample[];
}

/**
 * Reads text format 0.0.4. As strict as Prometheus itself, and stricter: HELP and TYPE come once and first, samples
 * belong to the family above them, no series comes twice, and nothing has a timestamp.
 */
export function parse(text: string): Family[] {
  if (text !== '' && !text.endsWith('\n')) throw new Error('an exposition must end with a newline');
  const families = new Map<string, Family & { samples: Sample[] }>();
  const series = new Set<string>();
  let help: { name: string; text: string } | undefined;
  let family: (Family & { samples: Sample[] }) | undefined;

  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, comment, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (comment === 'HELP') {
      if (families.has(name)) throw new Error(`family ${name} comes twice`);
      help = { name, text: unescaped(rest) };
    } else if (comment === 'TYPE') {
      if (help?.name !== name) throw new Error(`no HELP before ${line}`);
      family = { name, help: help.text, type: rest, samples: [] };
      families.set(name, family);
    } else {
      const sample = parseSample(line);
      const key = keyOf(sample);
      if (family === undefined || !belongs(sample.name, family)) throw new Error(`out of place: ${line}`);
      if (series.has(key)) throw new Error(`comes twice: ${line}`);
      series.add(key);
      family.samples.push(sample);
    }
  }
  return [...families.values()];
}

/** All samples of an exposition by `keyOf`. */
export function valuesOf(text: string): Map<string, number> {
  const samples = parse(text).flatMap((family) => family.samples);
  return new Map(samples.map((sample) => [keyOf(sample), sample.value]));
}

/** The name and the labels in the order of their names, such as `jobs_total{queue="mail"}`. */
export function keyOf({ name, labels }: Pick<Sample, 'name' | 'labels'>): string {
  const names = Object.keys(labels).sort((a, b) => (a < b ? -1 : 1));
  return `${name}{${names.map((label) => `${label}=${JSON.stringify(labels[label])}`).join(',')}}`;
}

const suffixes: Readonly<Record<string, RegExp>> = {
  histogram: /^_(bucket|sum|count)$/,
  summary: /^(_sum|_count)?$/,
};

function belongs(sample: string, { name, type }: Family): boolean {
  return sample.startsWith(name) && (suffixes[type] ?? /^$/).test(sample.slice(name.length));
}

function parseSample(line: string): Sample {
  const [, name, , block = '', value] =
    /^([a-zA-Z_:][\w:]*)(\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`not a sample: ${line}`);
  const labels: Record<string, string> = {};
  for (const [, label = '', text = ''] of block.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)) {
    if (label in labels) throw new Error(`label ${label} comes twice: ${line}`);
    labels[label] = unescaped(text);
  }
  return { name, labels, value: parseValue(value) };
}

function parseValue(text: string): number {
  if (/^nan$/i.test(text)) return Number.NaN;
  const value = Number(text.replace('Inf', 'Infinity'));
  if (Number.isNaN(value)) throw new Error(`not a value: ${text}`);
  return value;
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, character) => (character === 'n' ? '\n' : character));
}
