#!/usr/bin/env node
// Runs the command of commands/ that the first argument names: a module with `summary`, `options` for node:util's parseArgs() and
// `run(values, positionals)`, which may return an exit code.
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';

const folder = new URL('./commands/', import.meta.url);
const names = readdirSync(folder).map((file) => file.replace(/\.mjs$/, ''));
const [name, ...args] = process.argv.slice(2);

if (name === undefined || ['help', '--help', '-h'].includes(name)) {
  console.log(await usage());
} else if (names.includes(name)) {
  await runCommand(await load(name));
} else {
  fail(`expected a command, got: ${name}\n\n${await usage()}`);
}

async function runCommand({ options, run }) {
  let parsed;
  try {
    parsed = parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    fail(error.message);
    return;
  }
  process.exitCode = (await run(parsed.values, parsed.positionals)) ?? 0;
}

function load(command) {
  return import(new URL(`${command}.mjs`, folder));
}

async function usage() {
  const lines = await Promise.all(
    names.map(async (one) => `  ${one.padEnd(10)} ${(await load(one)).summary}`),
  );
  return ['Usage: prom-client-mmap COMMAND [OPTIONS]', '', ...lines].join('\n');
}

function fail(message) {
  console.error(`prom-client-mmap: ${message}`);
  process.exitCode = 2;
}
