// Folders to throw away, and commands in them.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const base = join(process.cwd(), 'build/matrix');

/** The tarball as it would be published. */
export function pack() {
  const { status, stdout, stderr } = spawnSync(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', place('tarball')],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  return join(base, 'tarball', JSON.parse(stdout)[0].filename);
}

/** A new empty folder with these files. */
export function place(name, files = {}) {
  const folder = join(base, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  return folder;
}

/** The folder of a package from the registry, which stays from run to run; undefined, after `why(reason)`, when it cannot be had. */
export function fetched(spec, why, options = []) {
  const folder = join(base, 'fetched', spec.replaceAll('/', '+'));
  const name = spec.replace(/@[^@]*$/, '');
  const found = join(folder, 'node_modules', name);
  if (existsSync(found)) return found;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const args = [
    'install',
    '--no-save',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    ...options,
    spec,
  ];
  const { status, stderr } = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' });
  if (status === 0 && existsSync(found)) return found;
  why(`${spec} could not be fetched: ${stderr.trim().split('\n')[0]}`);
  return undefined;
}

/** The root of a package of Debian for another processor, which is not installed; undefined, after `why(reason)`, when it cannot be had. */
export function debian(name, arch, why) {
  const folder = join(base, 'debian', `${name}-${arch}`);
  const root = join(folder, 'root');
  if (existsSync(root)) return root;
  for (const path of ['lists/partial', 'cache/archives/partial']) {
    mkdirSync(join(folder, path), { recursive: true });
  }
  const options = [`APT::Architecture=${arch}`, `APT::Architectures::=${arch}`, 'APT::Sandbox::User=root'];
  options.push(`Dir::State::Lists=${join(folder, 'lists')}`, `Dir::Cache=${join(folder, 'cache')}`);
  options.push('Dir::State::status=/dev/null');
  const apt = ['apt-get', '-qq', ...options.flatMap((option) => ['-o', option])].join(' ');
  const script = `${apt} update && ${apt} download ${name} && mkdir part && dpkg-deb -x ${name}_*.deb part && mv part root`;
  const { status, stderr } = spawnSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' });
  if (status === 0) return root;
  why(`${name}:${arch} could not be fetched from Debian: ${stderr.trim().split('\n')[0]}`);
  return undefined;
}

/** Without the settings and the caches of this machine, which other programs may be writing. */
function home() {
  const folder = join(base, 'home');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Runs a command; `output` is that of both streams. */
export function run(folder, command, args, env = {}) {
  const start = performance.now();
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: 900_000,
    env: { HOME: home(), PATH: process.env.PATH, CI: '1', ...env },
  });
  const output = `${stdout ?? ''}${stderr ?? ''}${error ?? ''}`;
  return { status, output, seconds: ((performance.now() - start) / 1000).toFixed(1) };
}

/** A PATH with nothing but Node and a shell: no compiler, make or Python. */
export function pathWithoutCompiler() {
  const folder = join(base, 'bin');
  mkdirSync(folder, { recursive: true });
  const links = { node: process.execPath, sh: '/bin/sh', env: '/usr/bin/env' };
  for (const [name, target] of Object.entries(links)) {
    if (!existsSync(join(folder, name))) symlinkSync(target, join(folder, name));
  }
  return [folder].join(delimiter);
}

/** The row of a run: its last line that says what was seen, or the first that complains. */
export function rowOf(what, { status, output, seconds }, seen) {
  const lines = output.trim().split('\n');
  if (status === 0 && seen.test(output))
    return { what, result: 'ok', detail: `${lines.find((line) => seen.test(line))} (${seconds} s)` };
  return { what, result: 'failed', detail: `status ${status}: ${complaintOf(output)}` };
}

/** The first line that complains, or the last. */
export function complaintOf(output) {
  const lines = output.trim().split('\n');
  return lines.find((line) => /error|expected|ERR/i.test(line)) ?? lines.at(-1);
}
