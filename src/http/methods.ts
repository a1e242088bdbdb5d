/** The methods of RFC 9110, and PATCH. */
const known: ReadonlySet<string> = new Set('GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH'.split(' '));

/** A method as a label: HTTP/2 lets a client send any text. */
export function methodLabel(method: string | undefined): string {
  return method !== undefined && known.has(method) ? method : '_OTHER';
}
