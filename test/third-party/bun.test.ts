import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Outcome, Project } from '../adoption/support/project';

const wanted =
  (process.env['THIRD_PARTY'] === '1' || process.env['CI'] === 'true') &&
  process.platform === 'linux' &&
  process.arch === 'x64';

// Bun has other ways than Node to replace what is imported, and to bring a preload into threads. `npm run matrix` has the cluster.
describe.skipIf(!wanted)('the preload in Bun (only with THIRD_PARTY=1 or CI=true, on linux-x64)', () => {
  let project: Project;

  beforeAll(async () => {
    project = new Project({
      'dependency/package.json': `{ "name": "dependency", "version": "1.0.0", "dependencies": { "prom-client": "12.0.0" } }`,
      'dependency/index.js': `
        const client = require('prom-client');
        new client.Counter({ name: 'dependency_total', help: 'h' }).inc();
        exports.required = client.register.metrics();
        exports.imported = import('prom-client').then(({ register }) => register.metrics());`,
      'count.cjs': `
        const { Counter } = require('prom-client');
        new Counter({ name: 'app_total', help: 'h' }).inc(100);`,
      'count.mjs': `
        import { Counter } from 'prom-client';
        import DeepCounter from 'prom-client/lib/counter.js';
        if (DeepCounter !== Counter) throw new Error('two classes');
        new Counter({ name: 'app_total', help: 'h' }).inc();`,
    });
    await project.npm(
      'install',
      '--install-links',
      './dependency',
      'prom-client@15.1.3',
      '@oven/bun-linux-x64@1.4.5',
    );
  });

  function bun(file: string, text: string): Promise<Outcome> {
    project.write(file, text);
    const program = join(project.directory, 'node_modules/@oven/bun-linux-x64/bin/bun');
    return project.run(program, ['--preload', 'prom-client-mmap/register', file]);
  }

  test.each(['import { Worker } from "node:worker_threads";', 'const Worker = globalThis.Worker;'])(
    'imports count into the group, in threads too (%s)',
    async (worker) => {
      const { status, output } = await bun(
        'app.ts',
        `${worker}
        import { register } from 'prom-client';
        import './count.mjs';
        const ended = ['count.mjs', 'count.cjs'].map((file) => {
          const thread = new Worker(new URL(file, import.meta.url)) as any;
          return new Promise((resolve) => (thread.on ? thread.on('exit', resolve) : thread.addEventListener('close', resolve)));
        });
        await Promise.all(ended);
        console.log(await register.metrics());`,
      );

      expect(status, output).toBe(0);
      expect(output).toMatch(/^app_total 102$/m);
    },
  );

  test('a thread in a thread has the preload', async () => {
    project.write('outer.mjs', `import { Worker } from 'worker_threads'; new Worker('./count.cjs');`);
    const { output } = await bun(
      'nested.mjs',
      `import { Worker } from 'node:worker_threads';
      import { register } from 'prom-client';
      new Worker('./outer.mjs').on('exit', async () => console.log(await register.metrics()));`,
    );

    expect(output).toMatch(/^app_total 100$/m);
  });

  test('prom-client 12 of a dependency stays, with a warning', async () => {
    const { status, output } = await bun(
      'old.mjs',
      `import { register } from 'prom-client';
      import dependency from 'dependency';
      console.log(dependency.required, (await dependency.imported) === dependency.required);
      console.log('replaced', typeof register.status);`,
    );

    expect(status, output).toBe(0);
    expect(output).toMatch(/^dependency_total 1$/m);
    expect(output).toContain(' true\n');
    expect(output).toContain('replaced function');
    expect(output).toContain('ERR_PRELOAD_VERSION');
  });
});
