/** Path segments that are probably ids: numbers, UUIDs, hexadecimal texts from 8 digits on, long texts with digits and letters. */
const id =
  /^(?:\d+|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?=.*\d)[0-9a-f]{8,}|(?=.*\d)(?=.*[a-z])[\w-]{16,})$/i;

/** A path with its ids replaced by `:id`. */
export function normalizedPath(path: string): string {
  return path
    .split('/')
    .map((segment) => (id.test(segment) ? ':id' : segment))
    .join('/');
}
