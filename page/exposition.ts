interface Series {
  readonly labels: readonly (readonly [string, string, string])[];
  readonly numbers: Map<string, number>;
}

/**
 * The text format as the lines of native/render/render.h, which a Recording takes: histograms and summaries have one line for each series.
 */
export function linesOf(text: string): string {
  const lines: string[] = [];
  let name = '';
  let type = 'untyped';
  let series = new Map<string, Series>();
  const finish = (): void => {
    if (name === '' || series.size === 0) return;
    const bounds = boundsOf(series, type);
    lines.push(`${JSON.stringify({ name, help: '', type, mode: '', bounds })},\n`);
    for (const { labels, numbers } of series.values()) {
      lines.push(`${JSON.stringify({ labels, defaults: [], values: valuesOf(numbers, bounds, type) })},\n`);
    }
    series = new Map();
  };
  for (const line of text.split('\n')) {
    const header = /^# TYPE (\S+) (\S+)/.exec(line);
    if (header !== null) {
      finish();
      [, name = '', type = ''] = header;
    } else if (line !== '' && !line.startsWith('#')) {
      addSample(line, name, series);
    }
  }
  finish();
  return lines.join('');
}

function addSample(line: string, family: string, series: Map<string, Series>): void {
  const end = line.lastIndexOf('}');
  const open = line.indexOf('{');
  const sample = line.slice(0, open < 0 ? line.indexOf(' ') : open);
  const labels: [string, string, string][] = [];
  let bound = '';
  for (const [, label = '', text = ''] of line
    .slice(open + 1, Math.max(end, 0))
    .matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
    if (label === 'le' || label === 'quantile') bound = text;
    else
      labels.push([
        label,
        'string',
        text.replace(/\\(.)/g, (_all, one: string) => (one === 'n' ? '\n' : one)),
      ]);
  }
  const value = line.slice(end < 0 ? sample.length + 1 : end + 2).split(' ')[0] ?? '';
  const key = JSON.stringify(labels);
  const known = series.get(key) ?? { labels, numbers: new Map<string, number>() };
  series.set(key, known);
  known.numbers.set(`${sample.slice(family.length)} ${bound}`, value === '+Inf' ? Infinity : Number(value));
}

function boundsOf(series: Map<string, Series>, type: string): number[] {
  const prefix = { histogram: '_bucket ', summary: ' ' }[type];
  const [first] = series.values();
  if (prefix === undefined || first === undefined) return [];
  return [...first.numbers.keys()]
    .filter((key) => key.startsWith(prefix) && key.length > prefix.length && !key.endsWith('+Inf'))
    .map((key) => Number(key.slice(prefix.length)));
}

function valuesOf(numbers: Map<string, number>, bounds: readonly number[], type: string): number[] {
  const get = (key: string): number => numbers.get(key) ?? 0;
  const all = [...numbers.entries()];
  if (type === 'histogram')
    return [get('_sum '), ...all.filter(([key]) => key.startsWith('_bucket')).map(([, value]) => value)];
  if (type === 'summary')
    return [...all.slice(0, bounds.length).map(([, value]) => value), get('_sum '), get('_count ')];
  return [all[0]?.[1] ?? 0];
}
