import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { realProcess } from '../process';

// Every sign below is one of the thread that runs tests, and none that a process or thread started by a test inherits: those are
// the application under test, and share their metrics. docs/decisions/0029-test-runners.md has the signs that were refused.

let known: boolean | undefined;

/** Whether this thread runs tests. Decided at the first call, which must not be before the first use of the library. */
export function isTestRunner(): boolean {
  known ??= hasRunnerGlobals() || isRunnerProgram() || isNodeTest() || isRuntimeTest();
  return known;
}

/**
 * State that all copies of the library in this thread have in common, under a global symbol. In a test runner each copy has its
 * own: a reset of the modules is a new library.
 */
export function commonState<S extends object>(key: symbol, make: () => S): () => S {
  const globals = globalThis as { [key: symbol]: S | undefined };
  let state: S | undefined;
  return () => {
    if (state === undefined) {
      state = (isTestRunner() ? undefined : globals[key]) ?? make();
      if (!isTestRunner()) globals[key] = state;
    }
    return state;
  };
}

/** jest gives its sandboxes these symbols, vitest its threads and contexts this property; mocha, jasmine and others the functions. */
function hasRunnerGlobals(): boolean {
  const globals = globalThis as Record<PropertyKey, unknown>;
  if (Symbol.for('jest-native-promise') in globals || '__vitest_worker__' in globals) return true;
  return ['describe', 'it', 'beforeEach', 'afterEach'].every((name) => typeof globals[name] === 'function');
}

/** A file of a test runner's package, or the link to it by which it is started. */
const runnerFile: RegExp =
  /(?:^|[\\/])node_modules[\\/](?:\.bin[\\/])?(?:@cucumber[\\/]cucumber|cucumber-js|@hapi[\\/]lab|lab|@playwright[\\/]test|playwright|ava|jasmine|jest|jest-cli|mocha|_mocha|qunit|tape|uvu|vitest)(?:[\\/]|$)/;

/** Whether the main script of this thread is such a file. A cluster worker has the script of its primary. */
function isRunnerProgram(): boolean {
  return !cluster.isWorker && runnerFile.test(realProcess.argv[1] ?? '');
}

/**
 * Whether `node --test` has started this process for a test file, or runs the tests in this process. Processes that the file
 * starts inherit the variable; those with an IPC channel inherit the option as well.
 */
function isNodeTest(): boolean {
  if (!isMainThread || cluster.isWorker) return false;
  const isForked = realProcess.send !== undefined;
  if (realProcess.env[testContext] === undefined) {
    return realProcess.execArgv.includes('--test') && !isForked;
  }
  const parent = startOf(realProcess.ppid);
  if (parent === undefined) return usesNodeTest() && !isForked;
  return !parent.isInTest && (usesNodeTest() || parent.arguments.includes('--test'));
}

/**
 * Whether this is the first thread of `bun test` or `deno test`, as far as /proc tells. Bun has the globals of a runner in modules that it
 * has not compiled before, and as no properties of the global object; Deno has none.
 */
function isRuntimeTest(): boolean {
  const { bun, deno } = process.versions as { readonly bun?: string; readonly deno?: string };
  if ((bun ?? deno) === undefined || !isMainThread) return false;
  const [, ...options] = startOf(realProcess.pid)?.arguments ?? [];
  return options.find((option) => !option.startsWith('-')) === 'test';
}

const testContext = 'NODE_TEST_CONTEXT';

/** Whether `node:test` has been imported in this thread. */
function usesNodeTest(): boolean {
  const { moduleLoadList } = realProcess as { moduleLoadList?: readonly string[] };
  return moduleLoadList?.includes('NativeModule test') === true;
}

/**
 * Whether the parent of this process runs tests, as far as /proc tells: the processes of a test are told from those of the next one
 * by this.
 */
export function isStartedByTest(): boolean {
  const parent = startOf(realProcess.ppid);
  if (parent === undefined) return false;
  const isOfRunner = (argument: string): boolean =>
    runnerFile.test(argument) ||
    /[\\/]node_modules[\\/](?:jest-worker|tinypool)[\\/]|^node \(vitest/.test(argument);
  return parent.arguments.some(isOfRunner) || (parent.isInTest && startOf(parent.ppid)?.isInTest === false);
}

interface ProcessStart {
  readonly ppid: number;
  readonly arguments: readonly string[];
  /** Whether `node --test` has started it or one of its ancestors. */
  readonly isInTest: boolean;
}

/** How a process was started; undefined where /proc does not tell. */
function startOf(pid: number): ProcessStart | undefined {
  const read = (file: string): string => readFileSync(`/proc/${pid}/${file}`, 'latin1');
  try {
    return {
      ppid: Number(/^PPid:\s*(\d+)/m.exec(read('status'))?.[1]),
      arguments: read('cmdline').split('\0'),
      isInTest: read('environ')
        .split('\0')
        .some((entry) => entry.startsWith(`${testContext}=`)),
    };
  } catch {
    return undefined;
  }
}
