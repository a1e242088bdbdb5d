// Brings a clone to where tests, demo and benchmarks run: the packages of the lock file, the headers of Node-API, the addon, the
// JavaScript.
// Each step is skipped when its inputs have the content they had the last time. Uses nothing but Node, because it is
// what installs the rest. `--force` compiles everything from scratch.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ADDON, compileAddon } from './addon.mjs';
import { withLock } from './lock.mjs';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));
const force = process.argv.includes('--force');

const headers = [
  ...['napi.h', 'napi-inl.h', 'napi-inl.deprecated.h'].map((name) => ['node-addon-api', name, name]),
  ['node-addon-api', 'LICENSE.md', 'LICENSE.node-addon-api.md'],
  ...['node_api.h', 'node_api_types.h', 'js_native_api.h', 'js_native_api_types.h'].map((name) => [
    'node-api-headers/include',
    name,
    name,
  ]),
  ['node-api-headers', 'LICENSE', 'LICENSE.node-api-headers'],
].map(([folder, name, copy]) => [`node_modules/${folder}/${name}`, `include/${copy}`]);

const steps = [
  {
    name: 'install the packages of package-lock.json',
    isDone: packagesAreInstalled,
    // Not `npm ci`: it refuses a lock file with a hole, and registries that do not serve the packages of every platform
    // make holes.
    run: () => runTool(...npm('install', '--no-save', '--ignore-scripts', '--include=dev')),
  },
  {
    // The tarball has them, too: a user who compiles the addon needs no other package.
    name: 'copy the headers of Node-API',
    isDone: () =>
      headers.every(([, copy]) => existsSync(copy)) && isStamped('headers', ['package-lock.json']),
    run: () => {
      mkdirSync('include', { recursive: true });
      for (const [original, copy] of headers) copyFileSync(original, copy);
      stamp('headers', ['package-lock.json']);
    },
  },
  {
    name: 'compile the addon',
    isDone: () => !force && existsSync(ADDON) && isStamped('addon', addonInputs()),
    run: async () => {
      await compileAddon({ everything: force });
      stamp('addon', addonInputs());
    },
  },
  {
    name: 'compile TypeScript',
    isDone: () =>
      !force && outputs().every((file) => existsSync(file)) && isStamped('typescript', typeScriptInputs()),
    run: () => {
      if (force) rmSync('dist', { recursive: true, force: true });
      runTool(process.execPath, ['node_modules/typescript/bin/tsc']);
      for (const file of bundled) bundle(file);
      buildPage();
      removeLeftovers();
      stamp('typescript', typeScriptInputs());
    },
  },
];

// Users get the packages that these need in the same file.
const bundled = ['statsd/yaml'];

try {
  // Without the lock first: nearly always there is nothing to do.
  if (!steps.every((step) => step.isDone())) await withLock('build/setup.lock', runSteps);
} catch (error) {
  report([error.message, error.cause].join('\n'));
  process.exitCode = 1;
}

async function runSteps() {
  for (const { name, isDone, run } of steps) {
    if (isDone()) continue;
    process.stderr.write(`setup: ${name} ...`);
    const start = performance.now();
    try {
      await run();
    } catch (error) {
      process.stderr.write(' failed\n');
      throw error;
    }
    process.stderr.write(` ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
  }
}

// npm itself notes in node_modules, at the end of an installation, what it has installed.
function packagesAreInstalled() {
  if (!existsSync('node_modules/.package-lock.json')) return false;
  const wanted = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages;
  const found = JSON.parse(readFileSync('node_modules/.package-lock.json', 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, { version, integrity, optional }]) =>
      path === '' ||
      (found[path]
        ? found[path].version === version && found[path].integrity === integrity
        : optional === true),
  );
}

function addonInputs() {
  return [...filesIn('native'), 'package-lock.json', 'package.json', 'scripts/addon.mjs'];
}

function typeScriptInputs() {
  return [...filesIn('src'), ...filesIn('page'), 'tsconfig.json', 'package-lock.json', 'scripts/setup.mjs'];
}

function outputs() {
  const compiled = filesIn('src').flatMap((file) => {
    const stem = file.replace(/^src/, 'dist').replace(/\.ts$/, '');
    return [`${stem}.js`, `${stem}.d.ts`];
  });
  return [...compiled, 'dist/page.html'];
}

function bundle(file) {
  const flags = [
    '--bundle',
    '--platform=node',
    '--format=cjs',
    '--minify',
    '--legal-comments=inline',
    '--allow-overwrite',
  ];
  const license = readFileSync('node_modules/yaml/LICENSE', 'utf8').trim();
  const banner = `--banner:js=/*! yaml, bundled:\n\n${license}\n*/`;
  runTool('node_modules/esbuild/bin/esbuild', [
    `src/${file}.ts`,
    `--outfile=dist/${file}.js`,
    banner,
    ...flags,
  ]);
}

// One file with everything in it, so that it needs no network.
function buildPage() {
  const client = runTool('node_modules/esbuild/bin/esbuild', [
    ...['page/client.ts', '--bundle', '--minify', '--format=iife', '--target=es2022', '--charset=utf8'],
  ]);
  const styles = readFileSync('node_modules/uplot/dist/uPlot.min.css', 'utf8');
  const license = '/*! uPlot, MIT: https://github.com/leeoniya/uPlot */';
  const html = readFileSync('page/page.html', 'utf8')
    .replace('/* uPlot */', () => `${license}\n${styles.trim()}`)
    .replace('/* client */', () => client.trim().replaceAll('</script', '<\\/script'));
  writeFileSync('dist/page.html', html);
}

// What was compiled from sources that are gone would still be found by `require`, and published.
function removeLeftovers() {
  const wanted = new Set(outputs());
  for (const file of filesIn('dist')) if (!wanted.has(file)) rmSync(file);
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function isStamped(name, inputs) {
  return (
    existsSync(`build/stamps/${name}`) && readFileSync(`build/stamps/${name}`, 'utf8') === digest(inputs)
  );
}

function stamp(name, inputs) {
  mkdirSync('build/stamps', { recursive: true });
  writeFileSync(`build/stamps/${name}`, digest(inputs));
}

function digest(files) {
  const hash = createHash('sha256').update(`${process.version} ${process.platform} ${process.arch}\n`);
  for (const file of files) {
    const content = readFileSync(file);
    hash.update(`${file} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

// The npm that is running this, if one is.
function npm(...args) {
  const cli = process.env.npm_execpath;
  return cli?.endsWith('npm-cli.js') ? [process.execPath, [cli, ...args]] : ['npm', args];
}

// The first complaint of a compiler or of npm says most; the rest is kept.
function report(message) {
  const lines = message.split('\n');
  console.error(`setup failed: ${lines.slice(0, 40).join('\n')}`);
  if (lines.length <= 40) return;
  writeFileSync('build/setup.log', message);
  console.error(`... ${lines.length - 40} more lines are in build/setup.log`);
}

function runTool(command, args) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${error ?? `${stdout}${stderr}`}`);
  return stdout;
}
