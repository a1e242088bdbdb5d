import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { version } from '../../src/native/search';
import { clusterApp, Project, root } from './support/project';

// The warning of a process without the addon names the cause, and one thing that helps, by the name under which npm knows the package.

const built = join(root, 'build/Release/prom_client_mmap.node');
const prebuilt = `prebuilds/${process.platform}-${process.arch}-glibc.node`;
const noCompiler = { CXX: '/nonexistent/c++' };

test.each(['prom-client', '@prometheus-io/client', 'prom-client-mmap'])(
  'the package has none for this system (%s)',
  async (name) => {
    const project = installed(name);

    expect(await warningOf(project, name)).toMatch(
      new RegExp(
        `^ERR_ADDON .* the package has none for linux-\\w+-glibc\\. .* Run \`node .*${name}/bin/prom-client-mmap.mjs build\`, which compiles it,`,
      ),
    );
  },
);

test('the advice compiles it; a failure is quoted', async () => {
  const project = installed('prom-client');
  const [, script = ''] = /Run `node (.+?) build`/.exec(await warningOf(project, 'prom-client')) ?? [];
  expect(await project.run(process.execPath, [script, 'build'], noCompiler)).toEqual({
    status: 1,
    output: expect.stringContaining('prom-client-mmap build: expected a C++20 compiler'),
  });

  expect(await warningOf(project, 'prom-client')).toMatch(
    /compilation failed: expected a C\+\+20 compiler .*`\/nonexistent\/c\+\+` was not found\. Install one .*After that, run `node /,
  );
});

test('the advice is by the name of the command where it is linked', async () => {
  const project = installed('prom-client');
  project.write('node_modules/.bin/prom-client-mmap', '');

  expect(await warningOf(project, 'prom-client')).toContain('Run `npx prom-client-mmap build`');
});

test.each([
  [
    'of another system',
    'MZ'.repeat(100),
    /, but got: .*invalid ELF header.*which compiles it for this system/,
  ],
  ['cut off', readFileSync(built).subarray(0, 10_000), /, but got: .*is cut off.*which compiles it/],
  ['empty', '', /, but got: .*file too short/],
])('the prebuilt file is %s', async (_, content, expected) => {
  const project = installed('prom-client');
  project.write(`node_modules/prom-client/${prebuilt}`, content);

  expect(await warningOf(project, 'prom-client')).toMatch(expected);
});

test('the prebuilt file is of another processor', async () => {
  const project = installed('prom-client');
  const image = Buffer.from(readFileSync(built));
  image.writeUInt16LE(process.arch === 'arm64' ? 62 : 183, 18); // e_machine
  project.write(`node_modules/prom-client/${prebuilt}`, image);

  expect(await warningOf(project, 'prom-client')).toMatch(/, but got: .*cannot open shared object file/);
});

test('the system has an older C library than the file needs', async () => {
  const project = installed('prom-client');
  const image = Buffer.from(readFileSync(built));
  const at = image.indexOf('GLIBC_2.14\0');
  image.write('GLIBC_9.14', at);
  // The hash of the name, by which the loader looks for the version.
  const hash = (name: string): number =>
    [...name].reduce((h, c) => {
      const next = (h << 4) + c.charCodeAt(0);
      return (next ^ ((next & 0xf0000000) >>> 24)) & 0x0fffffff;
    }, 0);
  const old = Buffer.alloc(4);
  old.writeUInt32LE(hash('GLIBC_2.14'));
  const place = image.indexOf(old);
  image.writeUInt32LE(hash('GLIBC_9.14'), place);
  project.write(`node_modules/prom-client/${prebuilt}`, image);

  expect(await warningOf(project, 'prom-client')).toMatch(
    /, but got: .*version `GLIBC_9\.14' not found.*which compiles it/,
  );
});

// Node 20 has the permissions under another name.
const permissions = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';
test.each([['--no-addons'], [permissions, '--allow-fs-read=*', '--allow-fs-write=*']])(
  'addons are forbidden (%s)',
  async (...options) => {
    const project = new Project();
    project.install('prom-client');

    expect(await warningOf(project, 'prom-client', '', options)).toMatch(
      /may not load it: .*Start Node without `--no-addons`, or with `--allow-addons`/,
    );
  },
);

test.runIf(process.getuid?.() === 0)('the file system of the file forbids programs', async () => {
  const project = installed('prom-client');
  const script = `mount -t tmpfs -o noexec tmpfs node_modules/prom-client/build && mkdir node_modules/prom-client/build/Release && cp ${built} node_modules/prom-client/build/Release && exec "$@"`;
  mkdirSync(join(project.directory, 'node_modules/prom-client/build'));

  expect(
    await warningOf(project, 'prom-client', '', [], ['unshare', '--mount', 'sh', '-c', script, 'sh']),
  ).toMatch(/, but got: .*failed to map segment.*Copy the file to a place that is not mounted with `noexec`/);
});

test('a damaged local build does not hide the prebuilt file, nor does one of another version', async () => {
  const project = installed('prom-client');
  project.write('node_modules/prom-client/build/Release/prom_client_mmap.node', 'damaged');
  project.write(`node_modules/prom-client/${prebuilt}`, readFileSync(built));
  project.write('app.cjs', clusterApp('cjs', 'prom-client'));
  expect((await project.node('app.cjs')).output).toMatch(/^app_total 42$/m);

  const image = Buffer.from(readFileSync(built));
  image.write('9', image.indexOf(`${version}\0`));
  project.write('node_modules/prom-client/build/Release/prom_client_mmap.node', image);
  expect((await project.node('app.cjs')).output).toMatch(/^app_total 42$/m);
});

test('two installed copies, each with its addon, count into one group', async () => {
  const project = new Project();
  project.install('prom-client');
  project.install('prom-client-mmap');
  project.write(
    'app.cjs',
    `const [one, two] = [require('prom-client'), require('prom-client-mmap')];
     if (one.Counter === two.Counter) throw new Error('expected two copies');
     new one.Counter({ name: 'one_total', help: 'h' }).inc(1);
     new two.Counter({ name: 'two_total', help: 'h' }).inc(2);
     const threads = require('node:worker_threads');
     if (threads.isMainThread) new threads.Worker(__filename).on('exit', async () => console.log(await one.register.metrics()));`,
  );

  const { output } = await project.node('app.cjs');
  expect(output).toMatch(/^one_total 2$/m);
  expect(output).toMatch(/^two_total 4$/m);
});

test('of two versions in one process the first that counts brings the addon, and both count into one group', async () => {
  const project = new Project();
  project.install('prom-client');
  project.install('prom-client-mmap');
  const other = `${version.slice(0, -1)}${version.endsWith('9') ? 8 : 9}`;
  for (const file of ['package.json', 'dist/native/search.js', 'build/Release/prom_client_mmap.node']) {
    const [from, to] = file.endsWith('.node') ? [`\0${version}\0`, `\0${other}\0`] : [version, other];
    const changed = readFileSync(join(root, file), 'latin1').replace(from, to);
    project.write(`node_modules/prom-client-mmap/${file}`, Buffer.from(changed, 'latin1'));
  }
  project.write(
    'app.cjs',
    `const clients = process.argv.slice(2).map((name) => require(name));
     for (const [index, { Counter }] of clients.entries()) new Counter({ name: 'total_' + index, help: 'h' }).inc(index + 1);
     const threads = require('node:worker_threads');
     if (threads.isMainThread) new threads.Worker(__filename, { argv: process.argv.slice(2) }).on('exit', async () => {
       for (const { register } of clients) {
         const { shared, addon } = register.status();
         console.log(shared, addon.version, (await register.metrics()).match(/^total.*$/gm));
       }
     });`,
  );

  const both = `true ${version} [ 'total_0 2', 'total_1 4' ]\n`;
  expect((await project.node('app.cjs', 'prom-client', 'prom-client-mmap')).output).toBe(both + both);
  expect((await project.node('app.cjs', 'prom-client-mmap')).output).toBe(`true ${other} [ 'total_0 2' ]\n`);
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
async function warningOf(
  project: Project,
  name: string,
  first = '',
  options: readonly string[] = [],
  [command = process.execPath, ...args]: readonly string[] = [],
): Promise<string> {
  project.write(
    'app.cjs',
    `process.on('warning', ({ code, message }) => code && console.log(code, message)); // some of Node have none
     ${first}
     const { Counter, register } = require('${name}');
     new Counter({ name: 'a_total', help: 'h' }).inc();
     register.metrics().then((text) => { if (!text.includes('a_total 1')) throw new Error(text); });`,
  );
  const { status, output } = await project.run(command, [
    ...args,
    ...(args.length > 0 ? [process.execPath] : []),
    ...['--no-warnings', ...options, 'app.cjs'],
  ]);
  expect(status, output).toBe(0);
  expect(output.trim().split('\n')).toHaveLength(1);
  return output;
}
