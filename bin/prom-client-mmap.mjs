#!/usr/bin/env node
// Runs the command that the first argument names: a module of commands/ or of dist/cli/commands/ with `summary`, `options` for
// node:util's parseArgs(), `run(values, positionals)`, which may return an exit code, and `help`, unless the summary says all.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const folders = [new URL('./commands/', import.meta.url), new URL('../dist/cli/commands/', import.meta.url)];
const files = new Map(
  folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((file) => [file, new URL(file, folder)]))
    .filter(([file]) => /\.m?js$/.test(file))
    .map(([file, url]) => [file.replace(/\.m?js$/, ''), url]),
);
const names = [...files.keys()].toSorted((a, b) => (a < b ? -1 : 1));
const [first, ...rest] = process.argv.slice(2);
const wantsHelp = ['help', '--help', '-h'].includes(first);
const [name, args] = wantsHelp && rest.length > 0 ? [rest[0], ['--help']] : [first, rest];

process.stdout.on('error', (error) => {
  // `... | head` closes the pipe: no more is wanted.
  if (error.code === 'EPIPE') process.exit(0);
  fail(`expected to write the whole output, but got ${error.message}: the output is incomplete`, 1);
  process.exit();
});

if (['--version', '-v', '-V'].includes(name)) {
  console.log(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version);
} else if (name === undefined || ['help', '--help', '-h'].includes(name)) {
  console.log(await usage());
  if (name === undefined) process.exitCode = 2;
} else if (names.includes(name)) {
  await runCommand(await load(name));
} else {
  fail(`expected a command, got: ${name}\n\n${await usage()}`, 2);
}

async function runCommand({ summary, help, options, run }) {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(help ?? `Usage: prom-client-mmap ${name} [OPTIONS]\n\n${summary}`);
    return;
  }
  let parsed;
  try {
    parsed = parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    fail(`${name}: ${error.message}\nTry: prom-client-mmap ${name} --help`, 2);
    return;
  }
  // Only a command that takes a group has a second parameter.
  const surplus = parsed.positionals[run.length - 1];
  if (surplus !== undefined) {
    fail(
      `${name}: expected ${run.length === 1 ? 'options only' : 'one group'}, but got '${surplus}', too\nTry: prom-client-mmap ${name} --help`,
      2,
    );
    return;
  }
  try {
    process.exitCode = (await run(parsed.values, parsed.positionals)) ?? 0;
  } catch (error) {
    const isUsage = ['ERR_OPTION_VALUE', 'ERR_CANNOT_ASK'].includes(error.code);
    fail(`${name}: ${error.code === undefined ? error.stack : error.message}`, isUsage ? 2 : 1);
  }
}

function load(command) {
  return import(files.get(command));
}

async function usage() {
  const lines = await Promise.all(
    names.map(async (one) => `  ${one.padEnd(8)} ${(await load(one)).summary}`),
  );
  return [
    'Usage: prom-client-mmap COMMAND [OPTIONS]',
    '',
    ...lines,
    '',
    'prom-client-mmap COMMAND --help explains a command; --version shows the version of the package.',
  ].join('\n');
}

function fail(message, exitCode) {
  console.error(
    `prom-client-mmap: ${message}`.replace(/^prom-client-mmap: (\w+): /, 'prom-client-mmap $1: '),
  );
  process.exitCode = exitCode;
}
