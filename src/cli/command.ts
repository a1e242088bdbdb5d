import type { ParseArgsConfig } from 'node:util';

/** The options of a command, as `parseArgs()` of node:util takes them. */
export type Options = NonNullable<ParseArgsConfig['options']>;

/** The option of all commands whose result a program may read. */
export const jsonOption: Options = { json: { type: 'boolean', default: false } };

/** The option of all commands that read a group. */
export const groupOption: Options = {
  'allow-shared-directory': { type: 'boolean', default: false },
};

/** The part of the help that all commands with a group have. */
export const groupHelp: string = `GROUP is a directory, the pid of one of its processes, or the name of its application as \`list\` shows it. It may be
left out when there is one group, or one that runs.`;

/** Numbers that JSON does not have are texts: `"NaN"`, `"Infinity"`. */
export function printJson(value: unknown): void {
  const replaced = (_key: string, one: unknown): unknown =>
    typeof one === 'number' && !Number.isFinite(one) ? `${one}` : one;
  console.log(JSON.stringify(value, replaced, 2));
}
