import { expect, test } from 'vitest';
import { Project } from './support/project';

// Node's permission model without threads. A Node without `registerHooks()` resolves imports in a thread.
const hasThread = !('registerHooks' in process.getBuiltinModule('node:module'));
const permission = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';

test('an application that may have no threads starts with the preload, which replaces `require()`', async () => {
  const project = new Project({
    'app.cjs': `
      process.on('warning', ({ code, name }) => name === 'PromClientMmapWarning' && console.log(code));
      console.log(require('prom-client') === require('prom-client-mmap'));`,
  });
  project.install();
  const { status, output } = await project.node(
    permission,
    '--allow-fs-read=*',
    '--allow-addons',
    '--no-warnings',
    '-r',
    'prom-client-mmap/register',
    'app.cjs',
  );

  expect(status, output).toBe(0);
  expect(output.trim().split('\n')).toEqual(['true', ...(hasThread ? ['ERR_PRELOAD_IMPORT'] : [])]);
});
