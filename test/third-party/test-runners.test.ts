import { describe, test } from 'vitest';
import { Project } from '../adoption/support/project';
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
} from '../adoption/support/runner-files';

const wanted = process.env['THIRD_PARTY'] === '1' || process.env['CI'] === 'true';

// Runners with hundreds of packages, installed anew.
describe.skipIf(!wanted)('test runners (only with THIRD_PARTY=1 or CI=true)', { timeout: 300_000 }, () => {
  describe.each(['29.7.0', '30.5.2'])('jest %s', (version) => {
    const fileCount = 60;
    const reset = `
      test('resetModules() gives a fresh library', async () => {
        new client.Counter({ name: 'old_total', help: 'h' }).inc();
        jest.resetModules();
        const fresh = require('prom-client-mmap');
        assert.notEqual(fresh.register, client.register);
        fresh.configure({ maxSeries: 10 });
        assert.equal(await fresh.register.metrics(), '\\n');
      });`;
    const mocked = `
      jest.mock('process', () => ({ ...jest.requireActual('process'), platform: 'linux' }));
      jest.mock('fs');
      jest.mock('os', () => ({}));
      jest.mock('perf_hooks', () => ({}));`;

    test.each([
      ['in band', '--runInBand'],
      ['in two workers', '--maxWorkers=2'],
    ])(`%s: ${fileCount} files with 120 descriptors`, async (_, option) => {
      const project = new Project(programs);
      project.install();
      await project.npm('install', `jest@${version}`);
      for (let number = 0; number < fileCount; number++) {
        project.write(`tests/${number}.test.js`, [number % 2 ? mocked : '', commonJs, own, reset].join('\n'));
      }
      project.write('tests/cluster.test.js', [commonJs, application, forked].join('\n'));
      project.write('tests/next-cluster.test.js', [commonJs, application, forked].join('\n'));
      const cli = 'node_modules/jest/bin/jest.js';

      const outcome = await project.run('sh', [
        '-c',
        `ulimit -n 120; exec node ${cli} ${option} --testTimeout=30000`,
      ]);

      expectPassed(outcome, `${2 * fileCount + 4} passed`);
    });
  });

  test.each([[[]], [['--no-worker-threads']]])('ava with %j', async (options) => {
    const parts = [`import test from 'ava';`, modules, own, fresh, application, threads];
    const project = projectOf('mjs', parts);
    await project.npm('install', 'ava@6.4.1');
    project.write('ava.config.mjs', 'export default { failWithoutAssertions: false };');

    const outcome = await project.node('node_modules/ava/entrypoints/cli.mjs', ...options, 'tests/*.mjs');

    expectPassed(outcome, '12 tests passed');
  });

  test('lab, which fails for each global that a test leaves', async () => {
    const parts = [
      `const lab = require('@hapi/lab').script(); exports.lab = lab; const test = lab.test;`,
      commonJs,
      own,
      fresh,
    ];
    const project = projectOf('js', parts);
    await project.npm('install', '@hapi/lab@26.0.1');

    const outcome = await project.node('node_modules/@hapi/lab/bin/lab', 'tests');

    expectPassed(outcome, '6 tests complete');
  });

  test('jasmine', async () => {
    const parts = [
      commonJs,
      'const test = it; jasmine.DEFAULT_TIMEOUT_INTERVAL = 30000;',
      own,
      fresh,
      forked,
    ];
    const project = projectOf('js', parts);
    await project.npm('install', 'jasmine@5.12.0');

    const outcome = await project.node('node_modules/jasmine/bin/jasmine.js', 'tests/*.js');

    expectPassed(outcome, '9 specs, 0 failures');
  });
});
