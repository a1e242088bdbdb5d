import { observeGroup } from '../../store/current';
import { groupHelp, groupOption, jsonOption, type Options, printJson } from '../command';
import { chooseGroup, filesOf, requireCounts } from '../groups';
import { impossibleValues, type Problem, problemsOf } from '../problems';
import { bytesText, countText, printable } from '../text';

export const summary: string = 'verifies every file of a group: headers, records, cells, archive, locks';

export const help: string = `Usage: prom-client-mmap check [GROUP] [--json]

Reads every file of a group and verifies its header, its records with their checksums, its cells, the archive, and that the locks agree
with the processes. Says what is wrong, where, and what to do. Scrapes skip a damaged file and show all others.

${groupHelp}

Options:
  --json                     an object with the files and the problems
  --allow-shared-directory   reads a directory in which other users may write

Exit code: 0 if nothing is wrong (there may be notes), 1 if there is a problem or no such group.

Example:
  $ npx prom-client-mmap check /dev/shm/my-app`;

export const options: Options = { ...jsonOption, ...groupOption };

interface Values {
  readonly json: boolean;
  readonly 'allow-shared-directory': boolean;
}

export async function run(values: Values, [group]: readonly string[]): Promise<number> {
  const directory = await chooseGroup(group, 'check', values);
  const files = await filesOf(directory);
  if (!files.some(({ kind }) => kind === 'bad archive')) requireCounts(directory);
  const store = observeGroup(directory, {
    selfMetrics: 'none',
    allowSharedDirectory: values['allow-shared-directory'],
  });
  const families = await store.families({ scopes: [''], defaultLabels: false });
  const problems = [...files.flatMap(problemsOf), ...impossibleValues(families)];
  const count = problems.filter(({ severity }) => severity === 'problem').length;
  if (values.json) {
    printJson({ directory, files, problems });
  } else {
    const segments = files.filter(({ kind }) => kind === 'segment');
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const archive = files.some(({ kind }) => kind === 'archive') ? ', the archive' : '';
    console.log(
      `${printable(directory)}: ${countText(segments.length, 'segment')}${archive}, ${countText(files.length, 'file')}, ${bytesText(bytes)}`,
    );
    for (const problem of problems) console.log(textOf(problem));
    console.log(count === 0 ? 'Nothing is wrong.' : `${countText(count, 'problem')}.`);
  }
  return count === 0 ? 0 : 1;
}

function textOf({ severity, where, what, advice }: Problem): string {
  return `\n${severity.toUpperCase()}  ${printable(where)}\n  ${printable(what)}\n  ${advice}`;
}
