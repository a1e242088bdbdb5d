import { userOf } from '../../store/group-name';
import { jsonOption, type Options, printJson } from '../command';
import { findGroups } from '../groups';
import { ageText, bytesText, printable, table } from '../text';

export const summary: string = 'the groups of this machine: application, processes, series, size';

export const help: string = `Usage: prom-client-mmap list [--json]

Lists the groups of this machine that this user can find; root finds those of all users. A group is the processes that are
scraped as one, and its directory.

  STATE   running   an owner lives
          hung      owners live, but none has shown a sign of life for 15 s: their event loops are blocked
          stopped   all its processes are stopped (SIGSTOP, a debugger)
          idle      its first process lives and counts nothing yet
          ended     the application has ended or crashed; \`dump\` shows its last numbers, \`clean\` removes them
  OWNERS  processes and worker threads: alive, +dead ones whose counts are not in the archive yet
  SERIES  those of all owners added up; a scrape merges equal ones

Options:
  --json  an array of objects

Exit code: 0, also without any group.

Example:
  $ npx prom-client-mmap list`;

export const options: Options = jsonOption;

export async function run({ json }: { readonly json?: boolean }): Promise<void> {
  const groups = await findGroups();
  if (json) return printJson(groups);
  if (groups.length === 0) {
    console.log(
      `No group of user ${userOf(process.pid) ?? 'this user'} on this machine. An application makes its group with its first metric.`,
    );
    return;
  }
  const rows = groups.map(({ application, state, pids, owners, series, bytes, createdMs, directory }) => [
    printable(application),
    state,
    pids.length > 4 ? `${pids.slice(0, 3).join(',')},+${pids.length - 3}` : pids.join(',') || '-',
    owners.dead > 0 ? `${owners.live}+${owners.dead}` : `${owners.live}`,
    `${series}`,
    bytesText(bytes),
    createdMs === undefined ? '-' : ageText(Date.now() - createdMs),
    printable(directory),
  ]);
  console.log(
    table([['APPLICATION', 'STATE', 'PIDS', 'OWNERS ', 'SERIES ', 'BYTES ', 'AGE ', 'DIRECTORY'], ...rows]),
  );
}
