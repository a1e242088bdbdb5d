/** A frame of the call stack: the place in the code that a function has reached. */
export interface CallSite {
  /** As V8 knows it: a path, a `file:` URL, or the name of a part of Node such as `node:events`. */
  readonly file: string;
  readonly functionName: string | undefined;
  /** `file`, line and column. */
  readonly position: string;
  /** Where the function around the place begins, by which it is known. Undefined where only the text of the stack is known. */
  readonly functionPosition: string | undefined;
  /** Whether it is the code of a module, which runs once, and not of a function. */
  readonly isModule: boolean;
  /** Whether the function waits for the frames before it with `await`. */
  readonly isAwaiting: boolean;
}

/** As many as can lie between the code of a module and a plugin that it calls. */
const mostFrames = 60;

/**
 * The call stack of the caller, beginning with this function. Functions of V8, such as `map()`, are left out. Costs up to 20 us.
 *
 * The limit and the formatting function of `Error`, which applications set, are replaced while the stack is captured. If they cannot be
 * replaced, the text of the stack is read.
 */
export function callSites(): readonly CallSite[] {
  const { stackTraceLimit, prepareStackTrace } = Error;
  set(mostFrames, (_, sites) => sites);
  const stack: unknown = new Error().stack;
  set(stackTraceLimit, prepareStackTrace);
  return Array.isArray(stack) ? stack.flatMap(siteOf) : `${stack}`.split('\n').flatMap(siteOfLine);
}

/** An absolute path, or a `file:` URL. */
const modulePath = /^(?:[\\/]|[a-z]:[\\/]|file:)/i;

function set(limit: number, format: typeof Error.prepareStackTrace): void {
  try {
    Error.stackTraceLimit = limit;
    Error.prepareStackTrace = format;
  } catch {
    // Error is frozen.
  }
}

function siteOf(site: NodeJS.CallSite): CallSite | [] {
  const file = site.getScriptNameOrSourceURL() || site.getEvalOrigin();
  const functionName = site.getFunctionName() ?? undefined;
  if (!file) return [];
  const [line, column] = [site.getEnclosingLineNumber?.(), site.getEnclosingColumnNumber?.()];
  return {
    file,
    functionName,
    position: `${withoutQuery(file)}:${site.getLineNumber()}:${site.getColumnNumber()}`,
    functionPosition: line === undefined ? undefined : `${file}:${line}:${column}`,
    // The function around the frame is the whole file, which is no script of `node:vm`.
    isModule: functionName === undefined && modulePath.test(file) && line === 1 && column === 1,
    isAwaiting: site.isAsync?.() === true,
  };
}

/** The same of a line such as `    at async start (file:///app/main.mjs:3:9)`, which does not tell modules from functions. */
function siteOfLine(line: string): CallSite | [] {
  const [, isAsync, functionName, file, position] =
    /^ +at (async )?(?:(.*) \()?(.*?)(:\d+:\d+)\)?$/.exec(line) ?? [];
  if (file === undefined) return [];
  return {
    file,
    functionName,
    position: `${withoutQuery(file)}${position}`,
    functionPosition: undefined,
    isModule: false,
    isAwaiting: isAsync !== undefined,
  };
}

/** Loaders and file watchers add queries to the URLs of modules, which differ between processes. */
function withoutQuery(file: string): string {
  return file.startsWith('file:') ? file.replace(/[?#].*$/, '') : file;
}
