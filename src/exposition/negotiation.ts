import type { HeaderValue } from '../model/http';
import type { EscapingScheme } from '../model/name-escaping';
import type { ExpositionFormat } from './document';
import { type Clause, clausesOf } from './header';

/** A format that a client has asked for, and its name. */
export interface Negotiated {
  readonly format: ExpositionFormat;
  readonly contentType: string;
  readonly escaping: EscapingScheme;
}

const schemes: ReadonlySet<string> = new Set<EscapingScheme>([
  'allow-utf-8',
  'underscores',
  'dots',
  'values',
]);

const protobuf: Pick<Negotiated, 'format' | 'contentType'> = {
  format: 'protobuf',
  contentType: 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited',
};

const plainText: Negotiated = {
  format: 'prometheus',
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
  escaping: 'underscores',
};

/** The formats that are offered beside text and Protobuf. */
export interface Offer {
  readonly openMetrics: boolean;
  /** Whether OpenMetrics 1.0 has samples for start times. */
  readonly createdSamples?: boolean | undefined;
}

/**
 * The best format for an `Accept` header. A wildcard, and a header that names no known format, stand for the text format 0.0.4:
 * people and tools can read it, and an error would help no scraper. A wildcard counts less than any format that is named.
 */
export function negotiatedFormat(accept: HeaderValue, offer: Offer): Negotiated {
  const clauses = clausesOf(accept);
  // Prometheus 3.4 and later send the scheme with text formats only.
  const anyScheme = clauses.map(schemeOf).find((scheme) => scheme !== undefined);
  for (const clause of clauses) {
    const negotiated = clause.quality > 0 ? formatOf(clause, offer, anyScheme) : undefined;
    if (negotiated !== undefined) return negotiated;
  }
  return plainText;
}

/** Undefined for a type or version that is not offered. */
function formatOf(
  clause: Clause,
  { openMetrics, createdSamples }: Offer,
  anyScheme: EscapingScheme | undefined,
): Negotiated | undefined {
  const { value, parameters } = clause;
  const version = parameters.get('version');
  const escaping = schemeOf(clause) ?? 'underscores';
  if (value === 'application/vnd.google.protobuf') {
    const isMetricFamily = parameters.get('proto') === 'io.prometheus.client.MetricFamily';
    const isDelimited = (parameters.get('encoding') ?? 'delimited') === 'delimited';
    const scheme = schemeOf(clause) ?? anyScheme ?? 'underscores';
    return isMetricFamily && isDelimited ? { ...protobuf, escaping: scheme } : undefined;
  }
  if (value === 'text/plain') {
    // This version has no quotation marks for names.
    if (version === undefined || version === '0.0.4') {
      return escaping === 'allow-utf-8' ? plainText : { ...plainText, escaping };
    }
    if (version !== '1.0.0') return undefined;
    return {
      format: 'prometheus',
      contentType: `text/plain; version=1.0.0; charset=utf-8; escaping=${escaping}`,
      escaping,
    };
  }
  if (value !== 'application/openmetrics-text' || !openMetrics) return undefined;
  if (version === '2.0.0') {
    // Each reader of this version knows quotation marks.
    const scheme = schemeOf(clause) ?? 'allow-utf-8';
    return {
      format: 'openmetrics-2.0.0',
      contentType: openMetricsType(clause, version, scheme),
      escaping: scheme,
    };
  }
  if (version !== undefined && version !== '1.0.0') return undefined;
  return {
    format: createdSamples ? 'openmetrics-1.0.0-created' : 'openmetrics-1.0.0',
    contentType: openMetricsType(clause, '1.0.0', escaping),
    escaping,
  };
}

function openMetricsType({ parameters }: Clause, version: string, escaping: EscapingScheme): string {
  const suffix = parameters.has('escaping') ? `; escaping=${escaping}` : '';
  return `application/openmetrics-text; version=${version}; charset=utf-8${suffix}`;
}

/** Undefined where the clause has none. An unknown one is taken for the oldest. */
function schemeOf({ parameters }: Clause): EscapingScheme | undefined {
  const escaping = parameters.get('escaping');
  if (escaping === undefined) return undefined;
  return schemes.has(escaping) ? (escaping as EscapingScheme) : 'underscores';
}
