import type { HeaderValue } from '../model/http';
import type { ExpositionFormat } from './document';
import { type Clause, clausesOf } from './header';

/** A format that a client has asked for, and its name. */
export interface Negotiated {
  readonly format: ExpositionFormat;
  readonly contentType: string;
}

const schemes: ReadonlySet<string> = new Set(['allow-utf-8', 'underscores', 'dots', 'values']);

const protobuf: Negotiated = {
  format: 'protobuf',
  contentType: 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited',
};

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
  if (value === 'application/vnd.google.protobuf') {
    const isMetricFamily = parameters.get('proto') === 'io.prometheus.client.MetricFamily';
    const isDelimited = (parameters.get('encoding') ?? 'delimited') === 'delimited';
    return isMetricFamily && isDelimited ? protobuf : undefined;
  }
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
