import { accessSync, constants, readFileSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { realProcess } from '../../process';
import { addonPath, requireAddon } from '../../store/current';
import { baseDirectory } from '../../store/group-directory';
import { variablesInUse } from '../../store/options';
import { jsonOption, type Options, printJson } from '../command';
import { findGroups } from '../groups';
import { bytesText, countText } from '../text';

export const summary: string = 'whether this machine can share metrics, and what to do if not';

export const help: string = `Usage: prom-client-mmap doctor [--json]

Looks at everything that sharing metrics depends on: the addon, the directory of groups and the room in it, the environment variables,
the limits of processes, and leftovers. Run it where the application runs: in its container, as its user, with its environment.

Options:
  --json  an array of findings

Exit code: 0 if an application of this user would share its metrics, else 1.

Example:
  $ docker exec my-app npx prom-client-mmap doctor`;

export const options: Options = jsonOption;

/** A fact about this machine. `advice` is there where something is to be done. */
interface Finding {
  readonly subject: string;
  readonly verdict: 'ok' | 'warning' | 'problem';
  readonly text: string;
  readonly advice?: string;
}

/** Room for two hundred processes of a usual application. */
const littleRoom = 16 * 1024 * 1024;
const fewDescriptors = 1024;

export async function run({ json }: { readonly json?: boolean }): Promise<number> {
  const addon = addonFinding();
  const findings = [
    platformFinding(),
    addon,
    ...directoryFindings(),
    ...variableFindings(),
    ...limitFindings(),
    ...(addon.verdict === 'ok' ? await groupFindings() : []),
  ];
  const isSound = findings.every(({ verdict }) => verdict !== 'problem');
  if (json) {
    printJson(findings);
    return isSound ? 0 : 1;
  }
  for (const { subject, verdict, text, advice } of findings) {
    console.log(`${verdict.padEnd(8)} ${subject}: ${text}`);
    if (advice !== undefined) console.log(`         -> ${advice}`);
  }
  console.log(
    isSound
      ? '\nAn application of this user with this environment shares its metrics.'
      : '\nAn application of this user with this environment counts in each process for itself.',
  );
  return isSound ? 0 : 1;
}

function platformFinding(): Finding {
  const { arch, platform, version, versions } = realProcess;
  const runtime = versions['bun'] ? `Bun ${versions['bun']}` : `Node ${version}`;
  const text = `${runtime} on ${platform}-${arch}, user ${realProcess.geteuid?.() ?? 'unknown'}, pid ${realProcess.pid}`;
  return { subject: 'system', verdict: 'ok', text };
}

function addonFinding(): Finding {
  try {
    const { version } = requireAddon();
    return { subject: 'addon', verdict: 'ok', text: `version ${version}, ${addonPath()}` };
  } catch (error) {
    const [text = '', advice = ''] = (error as Error).message.split(/(?<=prom-client\. )/);
    return { subject: 'addon', verdict: 'problem', text: text.trim(), advice };
  }
}

function directoryFindings(): Finding[] {
  const base = baseDirectory();
  const parent = dirname(base);
  const subject = 'directory of groups';
  try {
    accessSync(parent, constants.W_OK | constants.X_OK);
  } catch {
    const advice = 'mount /dev/shm, or name a directory by PROM_CLIENT_MMAP_DIR';
    return [{ subject, verdict: 'problem', text: `${parent} cannot be written`, advice }];
  }
  const { bavail, bsize, blocks, type } = statfsSync(parent);
  const free = bavail * bsize;
  const room = `${bytesText(free)} of ${bytesText(blocks * bsize)} are free`;
  const tmpfs = 0x01021994;
  const findings: Finding[] = [];
  if (free < littleRoom) {
    const advice = 'give more, in Docker by --shm-size, in Kubernetes by an emptyDir with medium: Memory';
    findings.push({ subject, verdict: 'warning', text: `${base}: only ${room}`, advice });
  } else {
    findings.push({ subject, verdict: 'ok', text: `${base}: ${room}` });
  }
  if (type !== tmpfs && realProcess.platform === 'linux') {
    const text = `${parent} is not in memory: the system writes the counts to its disk from time to time`;
    findings.push({ subject, verdict: 'warning', text, advice: 'mount a tmpfs at /dev/shm' });
  }
  return findings;
}

function variableFindings(): Finding[] {
  const subject = 'environment';
  return variablesInUse().map(({ variable, value, isAccepted, expected }) => {
    const text = `${variable}=${value}`;
    if (!isAccepted) {
      return { subject, verdict: 'warning', text: `${text} has no effect`, advice: `it must be ${expected}` };
    }
    const isOff = variable === 'PROM_CLIENT_MMAP_SHARED' && /^(0|false)$/.test(value);
    if (isOff) return { subject, verdict: 'problem', text, advice: 'remove it to share metrics' };
    return { subject, verdict: 'ok', text };
  });
}

/** Each process holds its segment, its lock, its FIFO, and while it scrapes all segments. */
function limitFindings(): Finding[] {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(limitsText()) ?? [];
  if (soft === undefined) return [];
  const text = `${soft} open files in a process`;
  return Number(soft) < fewDescriptors
    ? [{ subject: 'limits', verdict: 'warning', text, advice: 'raise it: ulimit -n 65536' }]
    : [{ subject: 'limits', verdict: 'ok', text }];
}

function limitsText(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}

async function groupFindings(): Promise<Finding[]> {
  const groups = await findGroups();
  const subject = 'groups';
  const ended = groups.filter(({ state }) => state === 'ended');
  const damaged = groups.filter(({ unreadableFiles }) => unreadableFiles > 0);
  const findings: Finding[] = [
    { subject, verdict: 'ok', text: `${groups.length - ended.length} in use; \`list\` shows them` },
  ];
  if (ended.length > 0) {
    const bytes = ended.reduce((sum, group) => sum + group.bytes, 0);
    const text = `${countText(ended.length, 'group')} of applications that have ended, ${bytesText(bytes)}`;
    findings.push({ subject, verdict: 'warning', text, advice: 'prom-client-mmap clean' });
  }
  for (const { directory } of damaged) {
    const text = `${directory} has files that no scrape can read`;
    findings.push({ subject, verdict: 'warning', text, advice: `prom-client-mmap check ${directory}` });
  }
  return findings;
}
