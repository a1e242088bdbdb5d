import { realProcess } from '../process';

/** The methods of RFC 9110, and PATCH. */
const usual = 'GET,HEAD,POST,PUT,DELETE,CONNECT,OPTIONS,TRACE,PATCH';

/** The methods that are labels of their own: OpenTelemetry's variable replaces the usual ones. Case matters, as in HTTP. */
export function knownMethods(): ReadonlySet<string> {
  const list = realProcess.env['OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS']?.trim() || usual;
  return new Set(list.split(',').flatMap((method) => method.trim() || []));
}

/** A method as a label: HTTP/2 lets a client send any text. */
export function methodLabel(method: string | undefined, known: ReadonlySet<string>): string {
  return method !== undefined && known.has(method) ? method : '_OTHER';
}
