import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { clusterApp, Project, root } from './support/project';

// The warning of a process without the addon names the cause, and one thing that helps, by the name under which npm knows the package.

/** Not to be found, so that the script that compiles the addon ends early. */
const noPython = { PYTHON: '/nonexistent/python3' };

test.each(['prom-client', '@prometheus-io/client', 'prom-client-mmap'])(
  'install scripts were ignored (%s)',
  async (name) => {
    const project = installed(name);

    expect(await warningOf(project, name)).toMatch(
      new RegExp(
        `^ERR_ADDON .* never compiled: .* without its install script, .*\\. Run \`npm rebuild ${name} --ignore-scripts=false\`,`,
      ),
    );
  },
);

test('the advice runs the install script, though npm is configured to run none', async () => {
  const project = installed('prom-client');
  project.write('.npmrc', 'ignore-scripts=true');
  const [, command = ''] = /`(npm rebuild .+?)`/.exec(await warningOf(project, 'prom-client')) ?? [];

  const [npm = '', ...args] = command.split(' ');
  await project.run(npm, args, noPython);

  expect(failureIn(project, 'prom-client')).toMatch(/^expected Python 3/);
});

test('the compilation failed, for a reason that is quoted', async () => {
  const project = installed('prom-client');
  const script = 'node_modules/prom-client/scripts/addon.mjs';
  expect(await project.run(process.execPath, [script, '--optional'], noPython)).toEqual({
    status: 0,
    output: expect.stringContaining('will count inside each process only: expected Python 3'),
  });

  const warning = await warningOf(project, 'prom-client');

  expect(warning).toContain(
    `compilation failed when it was installed: ${failureIn(project, 'prom-client')}. Metrics`,
  );
  expect(warning).toMatch(
    /but `\/nonexistent\/python3` was not found\. Install them \(.*After that, run `npm rebuild prom-client /,
  );
});

test('the file is of another system', async () => {
  const project = installed('prom-client');
  project.write('node_modules/prom-client/build/Release/prom_client_mmap.node', 'MZ'.repeat(100));

  expect(await warningOf(project, 'prom-client')).toMatch(
    /, but got: .*invalid ELF header.*compiled for another system, run `npm rebuild prom-client /,
  );
});

test('pnpm has installed it, which builds nothing again', async () => {
  const project = new Project();
  const at = 'node_modules/.pnpm/prom-client-mmap@15.2.0/node_modules';
  project.install('prom-client-mmap', { addon: false, at });
  symlinkSync(
    join(project.directory, at, 'prom-client-mmap'),
    join(project.directory, 'node_modules/prom-client'),
  );
  const [, command = ''] = /Run `(node .+?)`/.exec(await warningOf(project, 'prom-client')) ?? [];

  const [, script = ''] = command.split(' ');
  await project.run(process.execPath, [script], noPython);

  expect(
    readFileSync(join(project.directory, at, 'prom-client-mmap/build/addon-failure.txt'), 'utf8'),
  ).toMatch(/Python/);
});

test('the path that was given leads nowhere', async () => {
  const project = installed('prom-client');

  expect(
    await warningOf(project, 'prom-client', `require('prom-client').configure({ addon: 'no.node' });`),
  ).toMatch(/, but got: .*no\.node.*Correct the path in configure\(\{ addon \}\) or PROM_CLIENT_MMAP_ADDON,/);
});

test('a path from the working directory leads to it', async () => {
  const project = installed('prom-client');
  mkdirSync(join(project.directory, 'native'));
  cpSync(join(root, 'build/Release/prom_client_mmap.node'), join(project.directory, 'native/addon.node'));
  project.write(
    'app.cjs',
    `require('prom-client').configure({ addon: 'native/addon.node' }); ${clusterApp('cjs', 'prom-client')}`,
  );

  expect((await project.node('app.cjs')).output).toMatch(/^app_total 42$/m);
});

function installed(name: string): Project {
  const project = new Project();
  project.install(name, { addon: false });
  return project;
}

/** The one warning of a process that counts. */
async function warningOf(project: Project, name: string, first = ''): Promise<string> {
  project.write(
    'app.cjs',
    `process.on('warning', ({ code, message }) => console.log(code, message));
     ${first}
     const { Counter, register } = require('${name}');
     new Counter({ name: 'a_total', help: 'h' }).inc();
     register.metrics().then((text) => { if (!text.includes('a_total 1')) throw new Error(text); });`,
  );
  const { status, output } = await project.run(process.execPath, ['--no-warnings', 'app.cjs']);
  expect(status, output).toBe(0);
  expect(output.trim().split('\n')).toHaveLength(1);
  return output;
}

function failureIn(project: Project, name: string): string {
  const file = join(project.directory, 'node_modules', name, 'build/addon-failure.txt');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
