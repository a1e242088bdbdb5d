// Figures in Markdown.

export function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |\n`;
  const rule = line(head.map((_, column) => (column === 0 ? '---' : '---:')));
  return line(head) + rule + rows.map(line).join('');
}

export function number(value) {
  return value < 99.5 ? value.toPrecision(value < 0.95 ? 1 : 2) : Math.round(value).toLocaleString('en');
}

export function milliseconds(value) {
  return `${number(value)} ms`;
}

export function bytes(value) {
  return `${Math.round(value).toLocaleString('en')} B`;
}

export function count(value) {
  return value.toLocaleString('en');
}

export function percent(part) {
  return `${(part * 100).toFixed(0)} %`;
}

export function factor(value) {
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value).toLocaleString('en')}x`;
}

/** A figure and the spread of its trials. */
export function spreadOut(written, spread) {
  return `${written} ±${percent(spread)}`;
}

export function image(file, description) {
  return `![${description}](benchmarks/${file})\n`;
}
