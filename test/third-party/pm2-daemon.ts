import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/**
 * The command `pm2`, for a daemon of its own that ends with the test. `home` is its directory, `directory` has the package, and `env` is the
 * environment that the applications get.
 */
export function newPm2(
  directory: string,
  home: string,
  env: Readonly<Record<string, string>> = {},
): (...args: readonly string[]) => void {
  const program = join(directory, 'node_modules', 'pm2', 'bin', 'pm2');
  const own = { HOME: home, PM2_HOME: join(home, 'pm2'), PM2_DISCRETE_MODE: 'true' };
  const pm2 = (...args: readonly string[]): void => {
    execFileSync(process.execPath, [program, ...args], {
      env: { PATH: process.env['PATH'], ...own, ...env },
      stdio: 'ignore',
    });
  };
  onTestFinished(() => pm2('kill'));
  return pm2;
}

/** Starts applications in a PM2 of their own. */
export function startWithPm2(directory: string, home: string, apps: readonly object[]): void {
  const file = join(home, 'ecosystem.config.json');
  writeFileSync(file, JSON.stringify({ apps }));
  newPm2(directory, home)('start', file);
}
