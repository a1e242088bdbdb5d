import { describe, expect, test } from 'vitest';
import { clusterApp, Project } from './support/project';
import {
  application,
  commonJs,
  expectPassed,
  forked,
  fresh,
  modules,
  own,
  programs,
  projectOf,
  threads,
} from './support/runner-files';

// Real runners. All processes that a test starts inherit the variables of the runner, and are shared all the same.

describe('vitest', () => {
  const imports = `import { test } from 'vitest'; ${modules}`;

  test.each([
    ['forks', [own, fresh, application, forked, threads]],
    ['threads', [own, fresh, application, threads]],
    ['vmThreads', [own, application]],
    ['vmForks', [own, application]],
  ])('in the pool %s', async (pool, parts) => {
    const project = projectOf('mjs', [imports, ...parts], 'vitest');
    const cli = 'node_modules/vitest/vitest.mjs';

    const outcome = await project.node(cli, 'run', `--pool=${pool}`, '--testTimeout=300000', '--no-color');

    expectPassed(outcome, `Tests  ${3 * parts.length} passed`);
  });
});

describe('mocha', () => {
  const parts = [commonJs, 'const test = it;', own, fresh, application, forked];

  test.each([[[]], [['--parallel', '--jobs=2']]])('with %j', async (options) => {
    const project = projectOf('cjs', parts, 'mocha');

    const outcome = await project.node(
      'node_modules/mocha/bin/mocha.js',
      '--timeout=300000',
      ...options,
      'tests',
    );

    expectPassed(outcome, '12 passing');
  });
});

describe('node:test', () => {
  test.each([
    ['cjs', [`const { test } = require('node:test');`, commonJs]],
    ['cjs', [commonJs, `const { test } = require('node:test');`]],
    ['mjs', [modules, `import { test } from 'node:test';`]],
  ])('in files .%s', async (extension, imports) => {
    const project = projectOf(extension, [...imports, own, fresh, application, forked]);

    const outcome = await project.node(
      '--test',
      ...[1, 2, 3].map((number) => `tests/${number}.test.${extension}`),
    );

    expectPassed(outcome, 'pass 12');
  });

  test('a worker that is forked with the file of the test itself is shared', async () => {
    const project = new Project({
      'tests/1.test.cjs': `
        const { test } = require('node:test');
        ${commonJs}
        const { fork } = require('node:child_process');
        if (process.argv[2] === 'member' || cluster.isWorker) {
          new client.Counter({ name: 'member_total', help: 'h' }).inc(21);
          process.send('counted');
          process.on('message', async () => process.send(await client.register.metrics()));
        } else {
          for (const [name, start] of Object.entries({
            cluster: () => cluster.fork(),
            fork: () => fork(__filename, ['member'], { env: { ...process.env, PROM_CLIENT_MMAP_DIR: 'metrics' } }),
          })) test(name, async () => {
            const members = [start(), start()];
            await Promise.all(members.map((member) => once(member, 'message')));
            const [[text]] = await Promise.all([once(members[0], 'message'), members[0].send('scrape')]);
            assert.match(text, /^member_total 42$/m);
            await Promise.all(members.map((member) => Promise.all([once(member, 'exit'), member.disconnect()])));
          });
        }`,
    });
    project.install();

    expectPassed(await project.node('--test', 'tests/1.test.cjs'), 'pass 2');
  });
});

describe('mocks of modules of Node', () => {
  test('without the functions that a copy of `process` lacks', async () => {
    const project = new Project({
      'app.cjs': `
        const Module = require('node:module');
        const load = Module._load;
        const copy = { ...process, platform: 'linux' };
        Module._load = (name, ...rest) => (/^(node:)?process$/.test(name) ? copy : load(name, ...rest));
        const { collectDefaultMetrics } = require('prom-client-mmap');
        ${clusterApp('cjs')}
        collectDefaultMetrics();`,
    });
    project.install();

    const { status, output } = await project.node('app.cjs');

    expect(status, output).toBe(0);
    expect(output).toMatch(/^app_total 42$/m);
  });
});

test('a thread that runs tests gets no global', async () => {
  const project = new Project({
    'tests.cjs': `
      for (const name of ['describe', 'it', 'beforeEach', 'afterEach']) globalThis[name] = () => undefined;
      const before = Reflect.ownKeys(globalThis);
      const client = require('prom-client-mmap');
      new client.Gauge({ name: 'g', help: 'h', registers: [new client.Registry()] }).set(1);
      client.AggregatorRegistry.setRegistries(client.register);
      client.collectDefaultMetrics();
      client.register.metrics().then(() => {
        console.log(Reflect.ownKeys(globalThis).filter((key) => !before.includes(key)));
      });`,
  });
  project.install();

  expect((await project.node('tests.cjs')).output).toBe('[]\n');
});

describe('no test runner', () => {
  const inherited = {
    VITEST: 'true',
    VITEST_POOL_ID: '1',
    VITEST_WORKER_ID: '1',
    VITEST_VM_POOL: '1',
    JEST_WORKER_ID: '1',
    MOCHA_WORKER_ID: '0',
    NODE_TEST_CONTEXT: 'child-v8',
    NODE_ENV: 'test',
  };

  test('is an application with the variables of one', async () => {
    const project = new Project(programs);
    project.install();

    expect((await project.run(process.execPath, ['app.cjs'], inherited)).output).toMatch(/^app_total 42$/m);
  });

  test('is an application in a vm context', async () => {
    const project = new Project({
      'app.cjs': clusterApp('cjs').replace(
        "require('prom-client-mmap')",
        `require('node:vm').runInNewContext(
           'require => (module, exports, __filename, __dirname) => require("prom-client-mmap")',
         )(require)()`,
      ),
    });
    project.install();

    expect((await project.run(process.execPath, ['app.cjs'], inherited)).output).toMatch(/^app_total 42$/m);
  });
});
