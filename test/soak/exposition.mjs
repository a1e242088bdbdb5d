const label = /[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*"/g;
const sample = new RegExp(`^([a-zA-Z_:][\\w:]*)(\\{(?:${label.source},?)*\\})? (\\S+)$`);
const notNumbers = ['Nan', 'NaN'];

/** All samples by `name{labels}`, the labels in the order of their names. Throws if the text is no exposition. */
export function parse(text) {
  if (!text.endsWith('\n')) throw new Error('it does not end with a newline');
  const values = new Map();
  const families = new Set();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, family] = /^# TYPE (\S+) /.exec(line) ?? [];
    if (families.has(family)) throw new Error(`comes twice: ${line}`);
    if (family !== undefined) families.add(family);
    if (line.startsWith('# ')) continue;
    const [, name, block = '', number] = sample.exec(line) ?? [];
    const value = Number(number?.replace('Inf', 'Infinity'));
    if (name === undefined || (Number.isNaN(value) && !notNumbers.includes(number))) {
      throw new Error(`no sample: ${line}`);
    }
    const key = `${name}{${(block.match(label) ?? []).sort().join(',')}}`;
    if (values.has(key)) throw new Error(`comes twice: ${line}`);
    values.set(key, value);
  }
  return values;
}
