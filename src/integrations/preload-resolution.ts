import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Resolution {
  readonly url: string;
  readonly format?: string | null | undefined;
  readonly shortCircuit?: boolean | undefined;
}

const replaced: ReadonlySet<string> = new Set(['prom-client', '@prometheus-io/client']);

/** The entry of this package. */
export const ENTRY: string = join(__dirname, '..', '..', 'index.js');

/** Whether this package replaces the module. Paths inside the packages, such as `prom-client/lib/util`, stay. */
export function isReplaced(specifier: string): boolean {
  return replaced.has(specifier);
}

/** The hook by which Node resolves an `import`. Node calls it in this thread or in one for hooks alone. */
export function resolve<C, R extends Resolution | Promise<Resolution>>(
  specifier: string,
  context: C,
  next: (specifier: string, context: C) => R,
): R | Resolution {
  if (!isReplaced(specifier)) return next(specifier, context);
  return { url: pathToFileURL(ENTRY).href, format: 'commonjs', shortCircuit: true };
}
