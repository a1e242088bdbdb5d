import type { MetricFamily } from '../model/family';
import type { GroupFile } from '../store/groups';

/** A finding of `check`. Only a problem makes it fail: a note is true and needs no repair. */
export interface Problem {
  readonly severity: 'problem' | 'note';
  /** The file, and the place in it. */
  readonly where: string;
  readonly what: string;
  readonly advice: string;
}

/** Of each reason for which scrapes skip a file: the finding, and the advice. */
const skipped: Readonly<Record<string, readonly [what: string, advice: string]>> = {
  foreign: [
    'It is no file of this library.',
    'Scrapes ignore it. Move it elsewhere, unless it belongs to another copy of this library.',
  ],
  version: [
    'It was written by a later version of this library, in a format that this version does not read.',
    'Run the command of that version; scrapes of this version lack its numbers.',
  ],
  corrupt: [
    'Its bytes contradict each other.',
    'Another program has written to it, or its medium is damaged. While its owner lives, restart the owner; else delete the file: its counts are lost.',
  ],
  truncated: [
    'It is shorter than its header says.',
    'Another program has cut it off. While its owner lives, restart the owner; else delete the file: its counts are lost.',
  ],
  forbidden: [
    'It is no plain file of this user with one name.',
    'A link, a FIFO or the file of another user was put there. Run this command as the user of the application, or delete the file.',
  ],
  duplicate: [
    'It is a copy of another segment of the group.',
    'Scrapes count the original only. Delete the copy.',
  ],
  unreadable: ['The system refused to open or read it.', 'Look at the rights and the file system.'],
};

/** Owners show a heartbeat each 5 s. */
const lateHeartbeatMs = 15_000;

/** The findings about one file. */
export function problemsOf({ name, kind, reason, faultOffset, skippedRecords, owner }: GroupFile): Problem[] {
  const problems: Problem[] = [];
  const add = (severity: Problem['severity'], what: string, advice: string, where = name): void => {
    problems.push({ severity, where, what, advice });
  };
  if (reason !== 'none') {
    const [what, advice] = skipped[reason] ?? [`Scrapes skip it: ${reason}.`, 'Look at docs/reliability.md.'];
    const at = faultOffset > 0 ? `${name}, record at byte ${faultOffset}` : name;
    add('problem', what, advice, at);
  }
  if (kind === 'bad archive') {
    add(
      'problem',
      'A compaction found an archive that it could not read, and has set it aside: the counts of the processes that had ended by then are missing.',
      'Delete it, unless you want to examine it.',
    );
  }
  if (skippedRecords > 0) {
    add(
      'problem',
      `${skippedRecords} of its records contradict the format, such as a name that Prometheus does not accept: these series are not shown.`,
      'Restart its owner. If it happens again, the library has an error: report it with this file.',
    );
  }
  if (kind !== 'segment' || owner === undefined) return problems;
  const process = `process ${owner.pid}${owner.workerThread > 0 ? `, worker thread ${owner.workerThread}` : ''}`;
  if (owner.live && owner.lock === 'free') {
    add(
      'problem',
      `Its owner, ${process}, lives, but no process holds the lock of the file.`,
      'The file system does not keep locks between these processes. Put the directory on a local one, such as /dev/shm.',
    );
  }
  if (!owner.live && owner.lock === 'held') {
    add(
      'note',
      `Its owner, ${process}, has ended, but another process holds the lock of the file: a child that it has forked, or a compaction.`,
      'Its counts move into the archive once that process lets go of it.',
    );
  }
  if (owner.live && owner.heartbeatAgeMs > lateHeartbeatMs) {
    const seconds = Math.floor(owner.heartbeatAgeMs / 1000);
    add(
      'note',
      `Its owner, ${process}, has shown no sign of life for ${seconds} s: it is stopped, or its event loop is blocked.`,
      'Its numbers are complete. Look at the process.',
    );
  }
  if (owner.lacksRoom > 0) {
    add(
      'problem',
      `Its owner, ${process}, found no room for some series: scrapes of the group lack them.`,
      'Make room in the file system of the directory, or raise maxSegmentBytes or maxGroupBytes.',
    );
  }
  if (owner.droppedUpdates > 0) {
    add(
      'problem',
      `Its owner, ${process}, has dropped ${owner.droppedUpdates} updates of series above its limit, maxSeries.`,
      'Find the label with too many values, or raise the limit.',
    );
  }
  return problems;
}

/** The findings about numbers that no application can count: counters and buckets that are negative or no number. */
export function impossibleValues(families: readonly MetricFamily[]): Problem[] {
  return families.flatMap(({ name, type, values }) =>
    values
      .filter(({ value, metricName }) => {
        const isCount =
          String(type) === 'counter' ||
          (String(type) === 'histogram' && /_(bucket|count)$/.test(metricName ?? ''));
        return isCount && !(value >= 0);
      })
      .map(({ value, labels, metricName }) => ({
        severity: 'problem' as const,
        where: `${metricName ?? name}${JSON.stringify(labels)}`,
        what: `It is ${value}, which no ${type} can be.`,
        advice: 'Another program has written to a file of the group. Restart the application.',
      })),
  );
}
