import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Starts applications in a PM2 of their own, which ends with the test. `home` is its directory, `directory` has the package. */
export function startWithPm2(directory: string, home: string, apps: readonly object[]): void {
  const file = join(home, 'ecosystem.config.json');
  writeFileSync(file, JSON.stringify({ apps }));
  const pm2 = (...args: readonly string[]): void => {
    execFileSync(process.execPath, [join(directory, 'node_modules', 'pm2', 'bin', 'pm2'), ...args], {
      env: {
        PATH: process.env['PATH'],
        HOME: home,
        PM2_HOME: join(home, 'pm2'),
        PM2_DISCRETE_MODE: 'true',
      },
      stdio: 'ignore',
    });
  };
  onTestFinished(() => pm2('kill'));
  pm2('start', file);
}
