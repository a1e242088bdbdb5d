/** `1.24 k`, `12.4 M`; three digits. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return `${value}`;
  const magnitude = Math.abs(value);
  const units: readonly (readonly [number, string])[] = [
    [1e12, ' T'],
    [1e9, ' G'],
    [1e6, ' M'],
    [1e3, ' k'],
  ];
  for (const [size, unit] of units) if (magnitude >= size) return digits(value / size) + unit;
  return Number.isInteger(value) ? `${value}` : digits(value);
}

/** `1.24 k/s`. */
export function rateText(rate: number): string {
  return rate === 0 ? '' : `${shortNumber(rate)}/s`;
}

/** A number of a family in the unit that its name ends with: seconds, bytes, ratio. */
export function valueText(family: string, value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '';
  if (value === Infinity) return '>max';
  if (/_seconds(_total)?$/.test(family)) return secondsText(value);
  if (/_bytes(_total)?$/.test(family)) return bytesText(value);
  if (/_ratio$/.test(family)) return `${digits(value * 100)} %`;
  return shortNumber(value);
}

function secondsText(seconds: number): string {
  const magnitude = Math.abs(seconds);
  if (magnitude === 0) return '0 s';
  if (magnitude < 1e-3) return `${digits(seconds * 1e6)} us`;
  if (magnitude < 1) return `${digits(seconds * 1e3)} ms`;
  if (magnitude < 600) return `${digits(seconds)} s`;
  return `${shortNumber(seconds)} s`;
}

function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  for (; Math.abs(value) >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${digits(value)} ${units[unit]}`;
}

function digits(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude >= 100 || value === 0) return value.toFixed(0);
  return Number(value.toPrecision(3)).toString();
}

const levels = '▁▂▃▄▅▆▇█';

/** A line of numbers over time, one character each. */
export function sparkline(numbers: readonly number[]): string {
  const finite = numbers.map((number) => (Number.isFinite(number) ? number : 0));
  const greatest = Math.max(0, ...finite);
  const least = Math.min(0, ...finite);
  const range = greatest - least || 1;
  return finite
    .map((number) => levels[Math.round(((number - least) / range) * (levels.length - 1))])
    .join('');
}
