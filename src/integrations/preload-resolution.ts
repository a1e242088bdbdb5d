import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The root of this package. */
const root: string = join(__dirname, '..', '..');

/** The first major version of prom-client with the API of this package: `metrics()` returns a Promise since then. */
const firstMajor = 13;

/** An installed prom-client that is too old to be replaced. */
export interface OldPackage {
  readonly version: string;
  readonly path: string;
}

/**
 * The file of this package that replaces `specifier`; undefined for a module that stays. `find` resolves a specifier as the
 * importing module would do without the preload, and throws if there is no such module. `stays` gets an old prom-client.
 */
export function replacementFor(
  specifier: string,
  find: (specifier: string) => string,
  stays: (old: OldPackage) => void,
): string | undefined {
  const [, name, inner = 'index.js'] =
    /^(prom-client|@prometheus-io\/client)(?:\/(.+))?$/.exec(specifier) ?? [];
  if (name === undefined) return undefined;
  const manifest = pathOf(`${name}/package.json`, find);
  if (inner === 'package.json' && manifest !== undefined) return undefined;
  const old = manifest === undefined ? undefined : oldPackage(manifest);
  if (old !== undefined) {
    stays(old);
    return undefined;
  }
  if (!/^(?:index(?:\.js)?|package\.json|lib\/[\w/-]+(?:\.js)?)$/.test(inner)) return undefined;
  return [join(root, inner), join(root, `${inner}.js`)].find(
    (path) => /\.js(on)?$/.test(path) && existsSync(path),
  );
}

/** The package of this package.json, if it is a prom-client of before `firstMajor`. */
export function oldPackage(manifest: string): OldPackage | undefined {
  const { name, version } = JSON.parse(readFileSync(manifest, 'utf8')) as { name: unknown; version: string };
  const isOld = name === 'prom-client' && Number.parseInt(version, 10) < firstMajor;
  return isOld ? { version, path: join(manifest, '..') } : undefined;
}

function pathOf(specifier: string, find: (specifier: string) => string): string | undefined {
  try {
    return find(specifier);
  } catch {
    return undefined;
  }
}

interface Resolution {
  readonly url: string;
  readonly format?: string | null | undefined;
  readonly shortCircuit?: boolean | undefined;
}

/** The hook by which Node resolves an `import`. Node calls it in this thread or in one for hooks alone. */
export function resolve<
  C extends { readonly parentURL?: string | undefined },
  R extends Resolution | Promise<Resolution>,
>(specifier: string, context: C, next: (specifier: string, context: C) => R): R | Resolution {
  const from = context.parentURL?.startsWith('file:') ? context.parentURL : join(process.cwd(), 'any.js');
  const path = replacementFor(specifier, createRequire(from).resolve, () => undefined);
  if (path === undefined) return next(specifier, context);
  const format = path.endsWith('.json') ? 'json' : 'commonjs';
  return { url: pathToFileURL(path).href, format, shortCircuit: true };
}
