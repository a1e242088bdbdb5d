import { describe, expect, test } from 'vitest';
import { Project } from './support/project';

// A dependency brings a prom-client of another major version along. Of one with the same API the preload makes this library, and one
// with another API stays.

/** prom-client 12: `metrics()` is synchronous, and constructors take their arguments by position. */
const old = `
  const counts = {};
  exports.Counter = class { constructor(name) { this.name = name; counts[name] = 0; } inc() { counts[this.name]++; } };
  exports.register = { metrics: () => Object.entries(counts).map(([name, count]) => name + ' ' + count).join() };`;

/** An application with a dependency that has a prom-client of `version`, installed inside it. */
function projectWith(version: string): Project {
  const inner = 'node_modules/dependency/node_modules/prom-client';
  const project = new Project({
    'node_modules/dependency/index.js': `
      const { Counter, register } = require('prom-client');
      new Counter('dependency_total', 'help').inc();
      exports.metrics = () => register.metrics();
      exports.deep = () => require('prom-client/lib/register');
      exports.imported = async () => (await import('prom-client')).register.metrics();`,
    [`${inner}/package.json`]: JSON.stringify({ name: 'prom-client', version, main: 'index.js' }),
    [`${inner}/index.js`]: old,
    [`${inner}/lib/register.js`]: `module.exports = 'of the old one';`,
  });
  project.install('prom-client-mmap');
  return project;
}

describe.each(['10.2.3', '12.0.0'])('prom-client %s of a dependency', (version) => {
  const project = projectWith(version);
  const body = `
    process.on('warning', ({ code, message }) => console.log(code, message));
    const { Counter, register } = client;
    new Counter({ name: 'app_total', help: 'h' }).inc();
    console.log(JSON.stringify([
      dependency.metrics(),
      await dependency.imported(),
      dependency.deep(),
      /^app_total 1$/m.test(await register.metrics()),
    ]));`;
  project.write(
    'app.cjs',
    `const client = require('prom-client'); const dependency = require('dependency'); (async () => {${body}})();`,
  );
  project.write('app.mjs', `import client from 'prom-client'; import dependency from 'dependency'; ${body}`);

  test.each([
    ['-r', 'app.cjs'],
    ['-r', 'app.mjs'],
    ['--import', 'app.cjs'],
    ['--import', 'app.mjs'],
  ])('stays, with one warning that names it (%s, %s)', async (option, file) => {
    const { status, output } = await project.node('--no-warnings', option, 'prom-client-mmap/register', file);

    expect(status, output).toBe(0);
    const lines = output.trim().split('\n');
    const [warning, ...others] = lines.filter((line) => line.startsWith('ERR_'));
    expect(warning).toMatch(
      new RegExp(`^ERR_PRELOAD_VERSION .* got ${version.replaceAll('.', '\\.')} at .*dependency/`),
    );
    expect(others).toEqual([]);
    expect(JSON.parse(lines.find((line) => line.startsWith('[')) ?? '')).toEqual([
      'dependency_total 1',
      'dependency_total 1',
      'of the old one',
      true,
    ]);
  });
});

test.each(['13.2.0', '15.1.3'])('prom-client %s of a dependency is this library', async (version) => {
  const project = projectWith(version);
  project.write('node_modules/dependency/index.js', `exports.client = require('prom-client');`);
  project.write(
    'app.cjs',
    `console.log(require('dependency').client === require('prom-client-mmap'), require('prom-client') === require('prom-client-mmap'));`,
  );

  const { output } = await project.node('-r', 'prom-client-mmap/register', 'app.cjs');

  expect(output).toBe('true true\n');
});
