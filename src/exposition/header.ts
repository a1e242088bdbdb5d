import type { HeaderValue } from '../model/http';

/** One alternative of an `Accept` or `Accept-Encoding` header. */
export interface Clause {
  /** The media type or encoding, in lower case. */
  readonly value: string;
  /** By their names in lower case, without `q`. */
  readonly parameters: ReadonlyMap<string, string>;
  /** From 0, refused, to 1. */
  readonly quality: number;
}

/** The alternatives of a header, the best first; equal ones in the order of the header. The client refuses those of quality 0. */
export function clausesOf(header: HeaderValue): Clause[] {
  const text = typeof header === 'object' ? (header ?? []).join(',') : `${header ?? ''}`;
  // A text in quotation marks may have commas and semicolons.
  const clauses = text.match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g) ?? [];
  return clauses
    .map(clauseOf)
    .filter(({ value }) => value !== '')
    .sort((a, b) => b.quality - a.quality);
}

function clauseOf(text: string): Clause {
  const [value = '', ...rest] = text.match(/(?:[^;"]|"(?:[^"\\]|\\.)*"?)+/g) ?? [];
  const parameters = new Map<string, string>();
  for (const parameter of rest) {
    const [, name = '', content = ''] = /^\s*([^=\s]*)\s*=\s*(.*?)\s*$/.exec(parameter) ?? [];
    const unquoted = content.replace(/^"(.*)"$/, '$1').replace(/\\(.)/g, '$1');
    if (!parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), unquoted);
  }
  const q = parameters.get('q');
  parameters.delete('q');
  return { value: value.trim().toLowerCase(), parameters, quality: qualityOf(q) };
}

/** Prometheus 2.49.0 sends `q=2`. A text that is no number counts as none, as in Go's clients. */
function qualityOf(text: string | undefined): number {
  const quality = text === undefined || text === '' ? 1 : Number(text);
  return Number.isNaN(quality) ? 1 : Math.min(Math.max(quality, 0), 1);
}
