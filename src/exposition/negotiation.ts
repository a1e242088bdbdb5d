import type { HeaderValue } from '../model/http';
import type { TextFormat } from './document';
import { type Clause, clausesOf } from './header';

/** A format that a client has asked for, and its name. */
export interface Negotiated {
  readonly format: TextFormat;
  readonly contentType: string;
}

const schemes: ReadonlySet<string> = new Set(['allow-utf-8', 'underscores', 'dots', 'values']);

const plainText: Negotiated = {
  format: 'prometheus',
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
};

/**
 * The best format for an `Accept` header. A wildcard, and a header that names no known format, stand for the text format 0.0.4:
 * people and tools can read it, and an error would help no scraper. A wildcard counts less than any format that is named.
 */
export function negotiatedFormat(accept: HeaderValue, openMetrics: boolean): Negotiated {
  for (const clause of clausesOf(accept)) {
    const negotiated = clause.quality > 0 ? formatOf(clause, openMetrics) : undefined;
    if (negotiated !== undefined) return negotiated;
  }
  return plainText;
}

/** Undefined for a type or version that is not offered. */
function formatOf({ value, parameters }: Clause, openMetrics: boolean): Negotiated | undefined {
  const version = parameters.get('version');
  const escaping = parameters.get('escaping');
  const scheme = escaping !== undefined && schemes.has(escaping) ? escaping : 'underscores';
  if (value === 'text/plain') {
    if (version === undefined || version === '0.0.4') return plainText;
    if (version !== '1.0.0') return undefined;
    return {
      format: 'prometheus',
      contentType: `text/plain; version=1.0.0; charset=utf-8; escaping=${scheme}`,
    };
  }
  const isOffered = openMetrics && (version === undefined || version === '1.0.0');
  if (value !== 'application/openmetrics-text' || !isOffered) return undefined;
  const suffix = escaping === undefined ? '' : `; escaping=${scheme}`;
  return {
    format: 'openmetrics-1.0.0',
    contentType: `application/openmetrics-text; version=1.0.0; charset=utf-8${suffix}`,
  };
}
