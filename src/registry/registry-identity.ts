import { executionAsyncResource } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import process from 'node:process';
import { badRegistryName } from '../errors';
import { realCrypto } from '../process';
import { commonState } from '../store/test-runner';
import type { RegistryOptions } from '../types/registry';
import { type CallSite, callSites } from './call-sites';

/*
 * Which registries of several processes are the same: the global ones, those of one name, and those without a name that each
 * process makes once, at the same place in the code. See docs/decisions/0026-registries-without-a-name.md.
 */

/** The scope of the global registry. */
export const GLOBAL_SCOPE = '';

/** Scopes of registries without a name begin with it. */
const unnamed = 'at:';

/** The scope of a registry with a name. Throws a TypeError for a name that is no text, empty, a number or the scope of others. */
function scopeOfName(name: unknown): string {
  const isName = typeof name === 'string' && name !== GLOBAL_SCOPE && !/^\d+$/.test(name);
  if (!isName || name.startsWith(unnamed)) throw badRegistryName(name);
  return name;
}

/** The options of the global registry. */
export const globalOptions: RegistryOptions = {};

/** The scope of a registry with these options, as `RegistryScope` takes it. */
export function scopeOf(options: RegistryOptions): string | false | undefined {
  if (options === globalOptions) return GLOBAL_SCOPE;
  if (options.shared === false) return false;
  return options.name === undefined ? undefined : scopeOfName(options.name);
}

/** Where and when a registry without a name was made. */
export interface Origin {
  /** The scope of the registries that other processes make at the same place. */
  readonly scope: string;
  /** Whether it was made while the process started, and not for a request, a message or at an interval. */
  readonly isAtStart: boolean;
  /** File, line and column, for people. */
  readonly position: string;
  /** Whether it is the first registry that this thread has made there. */
  readonly isFirst: boolean;
  /** The functions that made it; undefined where the code of a module did, which runs once. */
  readonly makers: Functions | undefined;
}

/** Functions of a stack, by where they begin, with the places that they had reached. */
export type Functions = ReadonlyMap<string, ReadonlySet<string>>;

/** A registry as this module sees it. */
interface Made {
  /** Called when another registry is made at the same place. */
  becomePrivate(): void;
}

interface State {
  /** By scope: the first registry that was made there; undefined once there was another one. */
  readonly first: Map<string, WeakRef<Made> | undefined>;
  /** Registries that were made where others had been made before. */
  repeated: number;
  /** Registries of a scope that no other registry has. */
  alone: number;
  /** Whether the process handles requests or connections of others, or has done so. */
  hasBegunWork: boolean;
}

// From the loading on: the first connection may come before the first registry.
const ownState: State = newState();
/** Of all copies of the library in this thread, which count together. */
const stateOfThread: () => State = commonState(Symbol.for('prom-client-mmap.registries/1'), () => ownState);

/** A thread that has repeated so many makes registries again and again: further ones are not looked at, which would take 20 us each. */
const mostRepeated = 100;
/** The same for code that is new each time, such as templates. */
const mostPlaces = 1000;

/** The origin of a registry that is being made; undefined where it cannot be known or is not looked at any more. */
export function originOf(registry: Made): Origin | undefined {
  const state = stateOfThread();
  if (state.repeated >= mostRepeated || state.first.size >= mostPlaces) return undefined;
  const sites = callSites();
  const isOfModule = sites.some((site) => site.isModule || isLoader(site));
  const isAtStart = isOfModule || wasMadeAtStart(sites);
  const positions = positionsOf(sites);
  if (positions.length === 0) return undefined;
  const digest = realCrypto.createHash('sha256').update(positions.join('\n')).digest('base64url');
  const scope = unnamed + digest.slice(0, 16);
  const isFirst = !state.first.has(scope);
  if (!isFirst) {
    state.repeated++;
    state.first.get(scope)?.deref()?.becomePrivate();
  }
  state.first.set(scope, isFirst ? new WeakRef(registry) : undefined);
  const makers = isOfModule ? undefined : functionsOf(sites.slice(ownFrames));
  return { scope, isAtStart, position: positions[ownFrames] ?? '', isFirst, makers };
}

/** A scope that no other registry of this thread has. */
export function aloneScope(): string {
  return `${unnamed}${++stateOfThread().alone}`;
}

/** Frames between `callSites()` and the caller of the constructor, if no bundler has joined functions. All registries have them. */
const ownFrames = 4;
const mostPositions: number = ownFrames + 10;

/**
 * The frames by which a place is known: up to the code of the module, however that was loaded, or to the last `await`. Which
 * functions wait beyond that depends on the time.
 */
function positionsOf(sites: readonly CallSite[]): string[] {
  const positions: string[] = [];
  for (const site of sites) {
    if (isAwait(site) || isLoader(site) || positions.length === mostPositions) break;
    if (!isOfNode(site)) positions.push(site.position);
    if (site.isModule) break;
  }
  return positions;
}

/**
 * Whether one of these functions is running, or waits for one that is, and has reached another place. Helpers of compilers, such as
 * `__awaiter`, are on many stacks, always at the same place. To be called by functions that applications call.
 */
export function haveGoneOn(functions: Functions): boolean {
  return callSites().some(
    ({ functionPosition = '', position }) => functions.get(functionPosition)?.has(position) === false,
  );
}

function functionsOf(sites: readonly CallSite[]): Functions {
  const functions = new Map<string, Set<string>>();
  for (const site of sites) {
    const { functionPosition, position } = site;
    if (functionPosition === undefined || isOfNode(site)) continue;
    functions.set(functionPosition, (functions.get(functionPosition) ?? new Set()).add(position));
  }
  return functions;
}

/**
 * Functions that run by themselves do so at the start until the process has begun its work; before that a message or an interval
 * tells that they run again and again. The code of a module runs at the start, even if the module is loaded late.
 */
function wasMadeAtStart(sites: readonly CallSite[]): boolean {
  const end = sites.findIndex(isAwait);
  return !stateOfThread().hasBegunWork && !sites.slice(0, end < 0 ? undefined : end).some(isRepeated);
}

function isOfNode({ file }: CallSite): boolean {
  return file.startsWith('node:');
}

/** Whether the frame is of Node's loader, or of the loaders that bundlers put into their output. */
function isLoader({ file, functionName }: CallSite): boolean {
  return (
    file.startsWith('node:internal/modules/') ||
    /\bwebpack-runtime\.js$/.test(file) ||
    (functionName !== undefined && loaders.has(functionName))
  );
}

/** Of webpack, ncc, Turbopack and esbuild. */
const loaders: ReadonlySet<string> = new Set([
  '__webpack_require__',
  '__nccwpck_require__',
  'instantiateModule',
  '__require',
  '__init',
]);

function isAwait({ isAwaiting, file }: CallSite): boolean {
  return isAwaiting || file === 'node:internal/process/task_queues';
}

/** Whether the frame calls a function for each message, request or interval. */
function isRepeated({ file, functionName }: CallSite): boolean {
  switch (file) {
    case 'node:internal/timers':
      return typeof (executionAsyncResource() as { _repeat?: unknown })._repeat === 'number';
    case 'node:internal/child_process':
      return functionName === 'emit';
    default:
      return repeating.has(file);
  }
}

const repeating: ReadonlySet<string> = new Set([
  'node:_http_server',
  'node:internal/http2/core',
  'node:internal/per_context/messageport',
]);

function newState(): State {
  const made: State = { first: new Map(), repeated: 0, alone: 0, hasBegunWork: hasConnections() };
  // In a context of a test runner, which goes with the test file, the subscription would keep all of it.
  if (!made.hasBegunWork && subscribe instanceof Function) noticeWork(made);
  return made;
}

/** Whether connections from outside are open: the library may be loaded for a request. */
function hasConnections(): boolean {
  const undocumented = process as { _getActiveHandles?(): readonly { readonly server?: object | null }[] };
  return undocumented._getActiveHandles?.().some(({ server }) => server) ?? false;
}

/** Until the first connection or request, which costs nothing after that. */
function noticeWork(noticed: State): void {
  const channels = ['net.server.socket', 'http.server.request.start'];
  const notice = (): void => {
    noticed.hasBegunWork = true;
    // Later: a channel whose list of subscribers changes passes over one of them.
    queueMicrotask(() => {
      for (const channel of channels) unsubscribe(channel, notice);
    });
  };
  for (const channel of channels) subscribe(channel, notice);
}
