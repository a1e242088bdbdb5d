import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { realProcess } from '../process';

/**
 * Package and process managers and the commands of this library, which may be outside of node_modules, by the names of their files.
 * The commands inherit the environment of an application that they look at, and must not count into it.
 */
const managers =
  /^(?:npm|npx|npm-cli|npx-cli|pnpm|pnpx|yarn|yarnpkg|corepack|pm2|pm2-dev|pm2-docker|Daemon|node-gyp|prom-client-mmap)(?:[-.]\d[\w.-]*)?(?:\.[cm]?js)?$/;

/** Programs of packages that serve HTTP for developers. An application may have such a name: /srv/parcel.js is none of them. */
const tools =
  /[\\/]node_modules[\\/](?:.*[\\/])?(?:tsc|eslint|prettier|biome|vite|vitest|jest|mocha|ava|jasmine|cypress|playwright|webpack|webpack-dev-server|webpack-cli|rollup|parcel|esbuild|storybook|gulp|grunt|lerna|nx|turbo)(?:[-.]\d[\w.-]*)?(?:\.[cm]?js)?$/;

/** The child processes of test runners and of tools. */
const workers = /[\\/]node_modules[\\/](?:.*[\\/])?(?:jest-worker|tinypool|vitest|jest|mocha|ava)[\\/]/;

/** The main script of this process, by its name and by the file that it is a link to; none in a REPL and with `-e`. */
function scripts(): string[] {
  const script = realProcess.argv[1];
  if (!script) return [];
  try {
    return [script, realpathSync(script)];
  } catch {
    return [script];
  }
}

/** Whether this process is a tool, which may serve HTTP without being an application. */
export function isTool(): boolean {
  return scripts().some(
    (script) => managers.test(basename(script)) || tools.test(script) || workers.test(script),
  );
}

/**
 * Whether this process is an application even if it never serves HTTP, such as one that works off a queue: its script is not in a
 * package, which build tools are.
 */
export function isApplication(): boolean {
  const files = scripts();
  const options = ['-c', '--check', '--test', '-e', '--eval', '-p', '--print'];
  return (
    files.length > 0 &&
    !files.some((file) => /[\\/]node_modules[\\/]/.test(file)) &&
    !realProcess.execArgv.some((argument) => options.includes(argument))
  );
}
