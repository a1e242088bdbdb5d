import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { optionsOf, otherRuntimes, pathOf } from '../http/support/runtimes';
import { newDirectory } from '../multiprocess/support/directories';
import { root } from '../multiprocess/support/member';

const wanted = process.env['THIRD_PARTY'] === '1' || process.env['CI'] === 'true';

const program = `
const { listenStatsd } = require(${JSON.stringify(join(root, 'dist', 'statsd', 'index.js'))});
listenStatsd({ port: 0, unix: __dirname + '/datagrams', unixStream: __dirname + '/connections' })
  .then(({ addresses }) => console.log(Object.keys(addresses).length));
`;

// The others only with THIRD_PARTY=1 or CI=true.
test.each([process.execPath, ...(wanted ? otherRuntimes : [])])(
  'no socket keeps a process in %s alive',
  async (runtime) => {
    const directory = newDirectory();
    const file = join(directory, 'program.cjs');
    writeFileSync(file, program);
    const path = pathOf(runtime);
    const { stdout } = await promisify(execFile)(path, [...optionsOf(path), file], { timeout: 60_000 });

    expect(stdout).toBe('4\n');
  },
);
