import { createInterface } from 'node:readline/promises';
import { cannotAsk } from '../../errors';
import { requireAddon } from '../../store/current';
import { type GroupReport, isNamedByLibrary, removeGroup } from '../../store/groups';
import { jsonOption, type Options, printJson } from '../command';
import { chooseGroup, findGroups, groupAt } from '../groups';
import { ageText, bytesText, countText, printable } from '../text';

export const summary: string = 'removes what applications that have ended left behind; asks before';

export const help: string = `Usage: prom-client-mmap clean [GROUP] [--yes] [--json]

Removes the files of groups in which no process lives any more: of killed containers, crashed applications and deleted PM2
applications. Without GROUP it takes all groups in the library's own directories; a directory that an application has named is
cleaned only when it is passed. Locks, pids and heartbeats must all say that the group has ended; a group with a living process is
never touched. Persistent groups are removed only when they are passed.

Options:
  --yes                      removes without asking
  --json                     an object with the removed directories; needs --yes
  --allow-shared-directory   also in a directory in which other users may write

Exit code: 0; 1 if a group that was passed lives or cannot be removed; 2 without --yes where there is no terminal to ask at.

Example:
  $ npx prom-client-mmap clean --yes`;

export const options: Options = {
  ...jsonOption,
  yes: { type: 'boolean', default: false },
  'allow-shared-directory': { type: 'boolean', default: false },
};

interface Values {
  readonly json: boolean;
  readonly yes: boolean;
  readonly 'allow-shared-directory': boolean;
}

export async function run(values: Values, [group]: readonly string[]): Promise<number> {
  if (!values.yes && (values.json || !process.stdin.isTTY)) throw cannotAsk('clean', '--yes');
  const addon = requireAddon();
  const named = group === undefined ? undefined : await chooseGroup(group, 'clean', values);
  const candidates =
    named === undefined
      ? (await findGroups()).filter(({ directory }) => isNamedByLibrary(directory))
      : [await groupAt(named)];
  const leftovers = candidates.filter(
    ({ state, directory }) => state === 'ended' && addon.groupHasEnded(directory),
  );
  if (named !== undefined && leftovers.length === 0) {
    console.error(`prom-client-mmap clean: ${printable(named)} has a living process, or nothing to remove.`);
    return 1;
  }
  if (leftovers.length === 0) {
    if (values.json) printJson({ removed: [] });
    else console.log('Nothing to remove.');
    return 0;
  }
  if (!values.json) for (const leftover of leftovers) console.log(lineOf(leftover));
  if (!values.yes && !(await isConfirmed(leftovers.length))) {
    console.log('Nothing was removed.');
    return 0;
  }
  const removed: string[] = [];
  const failed: string[] = [];
  for (const { directory } of leftovers) {
    try {
      // A process may have begun to count there since the question.
      if (removeGroup(addon, directory)) removed.push(directory);
    } catch (error) {
      failed.push(directory);
      console.error(`prom-client-mmap clean: ${printable((error as Error).message)}`);
    }
  }
  if (values.json) printJson({ removed, failed });
  else console.log(`Removed ${countText(removed.length, 'group')}.`);
  return failed.length === 0 ? 0 : 1;
}

function lineOf({ directory, bytes, series, createdMs }: GroupReport): string {
  const age = createdMs === undefined ? '' : `, ${ageText(Date.now() - createdMs)} old`;
  return `${printable(directory)}: ${series} series, ${bytesText(bytes)}${age}`;
}

async function isConfirmed(count: number): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(`Remove ${countText(count, 'group')} with these numbers? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
