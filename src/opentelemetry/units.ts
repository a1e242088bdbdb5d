// Units of UCUM in Prometheus' words: the table of OpenTelemetry's specification, "Prometheus and OpenMetrics Compatibility".

const words: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  TiBy: 'tibibytes',
  KBy: 'kilobytes',
  kBy: 'kilobytes',
  MBy: 'megabytes',
  GBy: 'gigabytes',
  TBy: 'terabytes',
  m: 'meters',
  V: 'volts',
  A: 'amperes',
  J: 'joules',
  W: 'watts',
  g: 'grams',
  Cel: 'celsius',
  Hz: 'hertz',
  '%': 'percent',
};

const wordsOfRates: Readonly<Record<string, string>> = {
  s: 'second',
  m: 'minute',
  min: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  wk: 'week',
  mo: 'month',
  y: 'year',
  a: 'year',
};

/** The suffix for a unit, without an underscore before it; '' for a unit without one: `1`, and annotations in braces. */
export function unitSuffix(unit: string): string {
  const [amount = '', ...rates] = unit.replace(/\{[^}]*\}/g, '').split('/');
  const first = wordOf(words, amount.trim());
  const rate = wordOf(wordsOfRates, rates.join('/').trim());
  return [first, rate && `per_${rate}`].filter((word) => word !== '').join('_');
}

function wordOf(table: Readonly<Record<string, string>>, unit: string): string {
  if (unit === '1') return '';
  const word = Object.hasOwn(table, unit) ? (table[unit] as string) : unit;
  return word.replace(/[^a-zA-Z0-9]+/g, '_').replace(/^_|_$/g, '');
}
