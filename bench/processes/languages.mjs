// The clients whose processes share files, as rivals: the program that runs a member, if it is installed.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { own } from '../rivals.mjs';

/** The first of these programs that runs `code` with success. */
function findProgram(programs, ...code) {
  return programs.find((program) => spawnSync(program, code, { stdio: 'ignore' }).status === 0);
}

function script(name) {
  return fileURLToPath(new URL(name, import.meta.url));
}

export const gitlab = 'ruby-prometheus-client-mmap';
export const python = 'Python prometheus_client';

/** Each a `name` and the `command` of a member, undefined if it is not installed; then `hint` installs it. */
export function languages() {
  const ruby = findProgram(['ruby'], '-e', "require 'prometheus/client/mmaped_value'");
  const python3 = findProgram(['/usr/bin/python3', 'python3'], '-c', 'import prometheus_client.multiprocess');
  return [
    { name: own, command: [process.execPath, script('member.mjs')] },
    {
      name: gitlab,
      command: ruby && [ruby, script('member.rb')],
      hint: 'apt-get install ruby-prometheus-client-mmap',
    },
    {
      name: python,
      command: python3 && [python3, script('member.py')],
      hint: 'apt-get install python3-prometheus-client',
    },
  ];
}
