// How a layer of Express' routers tells its pattern: router 2.3 (Express 5.3) keeps it, router 2.0 to 2.2 keep a function that matches
// a path, Express 4 keeps a regular expression and the names of its groups.

export type Path = string | RegExp;

export interface Layer {
  readonly route?: Route | undefined;
  readonly handle?: unknown;
  /** Whether a mount matches every path. */
  readonly slash?: boolean;
  readonly rawPath?: Path | readonly Path[];
  readonly matchers?: readonly Matcher[];
  readonly regexp?: RegExp & { readonly fast_slash?: boolean };
  readonly keys?: readonly { readonly name: string | number }[];
}

export interface Route {
  readonly path?: Path | readonly Path[];
}

type Matcher = (path: string) => { readonly path: string; readonly params: Params } | false;
type Params = Readonly<Record<string, string | readonly string[]>>;

/** The beginning of a path that a layer matches. */
export interface LayerMatch {
  readonly pattern: string;
  readonly length: number;
  /** Whether the layer has this pattern for all paths. */
  readonly isOnly: boolean;
}

/** The match of a mount (`use()`) at the beginning of `path`. */
export function matchMount(layer: Layer, path: string): LayerMatch | undefined {
  const { slash, regexp, matchers, rawPath, keys = [] } = layer;
  if (slash || regexp?.fast_slash) return { pattern: '', length: 0, isOnly: true };
  if (regexp !== undefined) return matchExpression(regexp, keys, path);
  const raw = rawPath === undefined ? undefined : listOf(rawPath);
  for (const [i, matcher] of (matchers ?? []).entries()) {
    const match = matcher(path);
    if (match === false) continue;
    const source = raw?.[i];
    const pattern = source === undefined ? keptPattern(matcher, match.path) : textOf(source);
    return { pattern: withoutSlash(pattern), length: match.path.length, isOnly: matchers?.length === 1 };
  }
  return undefined;
}

/** The pattern of a route, the one of several that matches `path`. */
export function routePattern({ route, matchers, regexp }: Layer, path: string): string | undefined {
  const paths = listOf(route?.path);
  if (paths.length < 2) return paths[0] === undefined ? undefined : textOf(paths[0]);
  const alternatives = regexp && alternativesOf(regexp).map((source) => new RegExp(source, regexp.flags));
  const at = paths.findIndex((_, i) => matchers?.[i]?.(path) || alternatives?.[i]?.test(path));
  return at < 0 ? undefined : textOf(paths[at] as Path);
}

export function isOnePath({ route }: Layer): boolean {
  return listOf(route?.path).length === 1;
}

function listOf(path: Path | readonly Path[] | undefined): readonly Path[] {
  return path === undefined ? [] : [path as Path].flat(Infinity as 1);
}

function textOf(path: Path): string {
  return typeof path === 'string' ? path : path.source;
}

function withoutSlash(pattern: string): string {
  return pattern.replace(/\/+$/, '');
}

/** The end of the expressions that Express 4 makes for mounts. */
const mountEnd = '\\/?(?=\\/|$)';

function matchExpression(
  regexp: RegExp,
  keys: NonNullable<Layer['keys']>,
  path: string,
): LayerMatch | undefined {
  const sources = alternativesOf(regexp);
  let firstKey = 0;
  for (const source of sources) {
    const names = keys.slice(firstKey).map(({ name }) => `${name}`);
    firstKey += groupsIn(source);
    const match = new RegExp(source, `${regexp.flags.replace('d', '')}d`).exec(path);
    if (match === null) continue;
    const isExpress = source.endsWith(mountEnd);
    const pattern = isExpress ? (patternOf(source, names) ?? replaced(match, names)) : source;
    return { pattern: withoutSlash(pattern), length: match[0].length, isOnly: sources.length === 1 };
  }
  return undefined;
}

/** Express 4 joins the expressions of several paths. */
function alternativesOf({ source }: RegExp): string[] {
  return source.split('|^').map((part, i) => (i === 0 ? part : `^${part}`));
}

function groupsIn(source: string): number {
  return (new RegExp(`${source}|`).exec('')?.length ?? 1) - 1;
}

/** The path that Express 4 has made an expression of; undefined if it has more than literal text and ordinary parameters. */
function patternOf(source: string, names: readonly string[]): string | undefined {
  let next = 0;
  const pattern = source
    .slice(1, -mountEnd.length)
    .replace(/\(\?:(\\\.)?(\\\/)?\(\[\^[^\]]*\]\+\?\)\)(\??)/g, (_, dot = '', slash = '', optional = '') =>
      [dot, slash, `:${names[next++]}`, optional && '\\?'].join(''),
    );
  return /(?<!\\)[()[\]{}*+?|^$]/.test(pattern) ? undefined : pattern.replace(/\\(.)/g, '$1');
}

/** The text of a match with its groups replaced by their names, from the last to the first. */
function replaced(match: RegExpExecArray, names: readonly string[]): string {
  let text = match[0];
  const ranges = (match.indices ?? []).slice(1).map((range, i) => ({ range, name: names[i] }));
  for (const { range, name } of ranges.reverse()) {
    if (range !== undefined) text = `${text.slice(0, range[0])}:${name}${text.slice(range[1])}`;
  }
  return text;
}

/** The pattern of a mount of router 2.0 to 2.2. Its matcher of a regular expression does not tell that. */
function keptPattern(matcher: Matcher, text: string): string {
  return matcher.name === 'regexpMatcher' ? '/*' : probedPattern(matcher, text);
}

/** No path of an application has it. */
const marker = 'zq0zq0';

/**
 * A matched text with its parameters replaced by their names. Which part of the text a parameter is, is found out by matching texts in
 * which one part is replaced: a value may also occur in the literal text.
 */
function probedPattern(matcher: Matcher, text: string): string {
  const lower = text.toLowerCase();
  // The literal text is in the case of the request, which is any where the router ignores it.
  let probed = matcher(lower) && matcher(text.toUpperCase()) ? lower : text;
  const match = matcher(probed);
  const params: Params = match ? match.params : {};
  for (const [name, value] of Object.entries(params)) {
    const decoded = [value].flat().join('/');
    const mark = `${marker}-${name}-`;
    const found = [decoded, encodeURIComponent(decoded), encodeURI(decoded)]
      .flatMap((raw) => occurrences(probed, raw))
      .map(({ start, end }) => probed.slice(0, start) + mark + probed.slice(end))
      .find((candidate) => {
        const match = matcher(candidate);
        return match !== false && [match.params[name]].flat().join('/') === mark;
      });
    probed = found ?? probed;
  }
  return Object.entries(params).reduce(
    (pattern, [name, value]) =>
      pattern.replace(`${marker}-${name}-`, `${typeof value === 'string' ? ':' : '*'}${name}`),
    probed,
  );
}

function occurrences(text: string, part: string): { readonly start: number; readonly end: number }[] {
  const found: { start: number; end: number }[] = [];
  for (let start = text.indexOf(part); part !== '' && start >= 0; start = text.indexOf(part, start + 1)) {
    found.push({ start, end: start + part.length });
  }
  return found;
}
